"""The serverless half of Parley in AWS: one table with its stream, one queue, and the Chalice app's Lambdas and API.

Chalice writes the functions and the API; what it cannot express (real ARNs, partial batch failures, retries, the
dead-letter queue, rights on exactly these resources) is set on its template here, and
tests/integration/test_deployment_template.py reads it back.
"""

from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sqs as sqs
from chalice.cdk import Chalice
from constructs import Construct

from infra.gateway_responses import gateway_responses

API = "APIHandler"
FUNCTIONS = (API, "OnTableChange", "OnSessionCheck", "Sweep")
STREAM_RETRIES = 3
VISIBILITY_S = 6 * 28  # AWS: six times the function's timeout
MAX_RECEIVES = 5
# Everything chalicelib/stores does, and nothing else: no Scan, no change of the table.
TABLE_ACTIONS = (
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "DescribeTable",
    "GetItem",
    "PutItem",
    "Query",
    "UpdateItem",
)
STREAM_ACTIONS = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")


class ControlPlaneStack(cdk.Stack):
    """Stack ``parley-<stage>``. The signing key and the node secret are parameters that CloudFormation never shows.

    `tls_only`: the queues refuse plain HTTP. False only for an emulator, which speaks nothing else.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: str, source_dir: Path, tls_only: bool = True
    ) -> None:
        super().__init__(scope, construct_id, description="Parley control plane")
        self._table = _table(self, stage)
        self._dead = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"parley-{stage}-dead",
            retention_period=cdk.Duration.days(14),
            enforce_ssl=tls_only,
        )
        self._checks = sqs.Queue(
            self,
            "SessionChecks",
            queue_name=f"parley-{stage}-session-checks",
            visibility_timeout=cdk.Duration.seconds(VISIBILITY_S),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self._dead, max_receive_count=MAX_RECEIVES),
            enforce_ssl=tls_only,
        )
        signing_key = _secret(self, "SigningKey", "Seed of the Ed25519 key that signs tokens: 32 bytes in base64url")
        node_secret = _secret(self, "NodeSecret", "What media nodes register with")
        self._chalice = Chalice(self, "Chalice", source_dir=str(source_dir), stage_config={"api_gateway_stage": "api"})
        self._set_environment(
            {
                "PARLEY_STAGE": stage,
                "PARLEY_TABLE": self._table.table_name,
                "PARLEY_QUEUE_URL": self._checks.queue_url,
                "PARLEY_SIGNING_KEY": signing_key.value_as_string,
                "PARLEY_NODE_SECRET": node_secret.value_as_string,
            }
        )
        self._set_rights()
        self._set_event_sources()
        api = self._chalice.get_resource("RestAPI")
        api.add_property_override("GatewayResponses", gateway_responses())
        # LiveKit's SDKs send protobuf and accept "*/*": API Gateway gives bytes back only to who accepts a listed type.
        api.add_property_override("DefinitionBody.x-amazon-apigateway-binary-media-types", ["*/*"])
        api.add_property_override("BinaryMediaTypes", ["*/*"])
        cdk.CfnOutput(self, "TableName", value=self._table.table_name)
        cdk.CfnOutput(self, "QueueUrl", value=self._checks.queue_url)

    def _set_environment(self, variables: dict[str, str]) -> None:
        for function in FUNCTIONS:
            for name, value in variables.items():
                self._chalice.add_environment_variable(name, value, function)

    def _set_rights(self) -> None:
        """Replace the policy Chalice generated: its statements for streams and queues are on every resource."""
        logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        table = [f"dynamodb:{action}" for action in TABLE_ACTIONS]
        stream = [f"dynamodb:{action}" for action in STREAM_ACTIONS]
        queue = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        log_groups = self.format_arn(
            service="logs",
            resource="log-group",
            resource_name="/aws/lambda/*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        statements = [
            _allow(logs, log_groups),
            _allow(table, self._table.table_arn),
            _allow(stream, self._stream_arn()),
            _allow(queue, self._checks.queue_arn),
            _allow(["sqs:SendMessage"], self._dead.queue_arn),
        ]
        document = {"Version": "2012-10-17", "Statement": statements}
        policies = [{"PolicyName": "parley", "PolicyDocument": document}]
        self._chalice.get_resource("DefaultRole").add_property_override("Policies", policies)

    def _set_event_sources(self) -> None:
        stream = "Events.OnTableChangeDynamodbEventSource.Properties"
        self._chalice.get_resource("OnTableChange").add_property_override(
            stream,
            {
                "Stream": self._stream_arn(),
                "BatchSize": 100,
                "StartingPosition": "TRIM_HORIZON",
                "MaximumBatchingWindowInSeconds": 0,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "BisectBatchOnFunctionError": True,
                "MaximumRetryAttempts": STREAM_RETRIES,
                "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": self._dead.queue_arn}},
            },
        )
        queue = "Events.OnSessionCheckSqsEventSource.Properties"
        checks = self._chalice.get_resource("OnSessionCheck")
        checks.add_property_override(f"{queue}.Queue", self._checks.queue_arn)
        checks.add_property_override(f"{queue}.FunctionResponseTypes", ["ReportBatchItemFailures"])

    def _stream_arn(self) -> str:
        arn = self._table.table_stream_arn
        assert arn is not None, "the table is made with a stream"
        return str(arn)


def _table(scope: Construct, stage: str) -> dynamodb.Table:
    return dynamodb.Table(
        scope,
        "Table",
        table_name=f"parley-{stage}",
        partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
        sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        time_to_live_attribute="ttl",
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        removal_policy=cdk.RemovalPolicy.RETAIN,  # deleting the stack must not delete everybody's meetings
    )


def _secret(scope: Construct, name: str, description: str) -> cdk.CfnParameter:
    return cdk.CfnParameter(scope, name, type="String", no_echo=True, min_length=32, description=description)


def _allow(actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}
