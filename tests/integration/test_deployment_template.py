"""What is deployed, read from the synthesized template: the settings Chalice cannot express, and the rights."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.local_deployment import write_assembly

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("cdk") / "assembly"
    write_assembly(ROOT, "dev", output)
    return output


@pytest.fixture(scope="module")
def template(assembly: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((assembly / "parley-dev.template.json").read_text())
    return content


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == kind}


def test_a_stream_batch_that_fails_is_reported_split_retried_and_then_put_aside(template: dict[str, Any]) -> None:
    table = next(iter(of_type(template, "AWS::DynamoDB::Table")))
    event = template["Resources"]["OnTableChange"]["Properties"]["Events"]["OnTableChangeDynamodbEventSource"]
    mapping = event["Properties"]
    assert mapping["Stream"] == {"Fn::GetAtt": [table, "StreamArn"]}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == 3
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    destination = mapping["DestinationConfig"]["OnFailure"]
    dead = [n for n, q in of_type(template, "AWS::SQS::Queue").items() if q["QueueName"] == "parley-dev-dead"]
    assert destination == {"Type": "SQS", "Destination": {"Fn::GetAtt": [dead[0], "Arn"]}}


def test_a_message_that_cannot_be_handled_ends_in_the_dead_letter_queue(template: dict[str, Any]) -> None:
    queues = {queue["QueueName"]: queue for queue in of_type(template, "AWS::SQS::Queue").values()}
    checks = queues["parley-dev-session-checks"]
    assert checks["RedrivePolicy"]["maxReceiveCount"] == 5
    assert checks["VisibilityTimeout"] >= 6 * template["Resources"]["OnSessionCheck"]["Properties"]["Timeout"]
    event = template["Resources"]["OnSessionCheck"]["Properties"]["Events"]["OnSessionCheckSqsEventSource"]
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_queues_refuse_plain_http(template: dict[str, Any]) -> None:
    policies = of_type(template, "AWS::SQS::QueuePolicy")
    assert len(policies) == 2
    for policy in policies.values():
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_table_can_be_restored_and_survives_its_stack(template: dict[str, Any]) -> None:
    (table,) = of_type(template, "AWS::DynamoDB::Table").values()
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    (whole,) = [one for one in template["Resources"].values() if one["Type"] == "AWS::DynamoDB::Table"]
    assert whole["DeletionPolicy"] == "Retain"


def test_the_lambdas_may_touch_these_resources_and_never_scan(template: dict[str, Any]) -> None:
    (role,) = of_type(template, "AWS::IAM::Role").values()
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert all(statement["Resource"] != "*" for statement in statements)
    actions = {action for statement in statements for action in statement["Action"]}
    assert not {action for action in actions if "*" in action or "Scan" in action or "DeleteTable" in action}
    assert not of_type(template, "AWS::IAM::Policy")


def test_secrets_are_parameters_that_are_never_shown(template: dict[str, Any]) -> None:
    for name in ("SigningKey", "NodeSecret"):
        assert template["Parameters"][name]["NoEcho"] is True
        assert "Default" not in template["Parameters"][name]
    functions = of_type(template, "AWS::Serverless::Function")
    assert len(functions) == 4
    for function in functions.values():
        variables = function["Environment"]["Variables"]
        assert variables["PARLEY_SIGNING_KEY"] == {"Ref": "SigningKey"}
        assert variables["PARLEY_NODE_SECRET"] == {"Ref": "NodeSecret"}


def test_what_api_gateway_says_itself_comes_in_the_envelope_of_the_api(template: dict[str, Any]) -> None:
    answer = template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]["MISSING_AUTHENTICATION_TOKEN"]
    assert answer["StatusCode"] == 404
    assert json.loads(answer["ResponseTemplates"]["application/json"])["error"]["id"] == "route_not_found"


def test_the_zip_holds_the_app_and_its_run_time_needs_only(assembly: Path) -> None:
    (asset,) = assembly.glob("asset.*.zip")
    names = zipfile.ZipFile(asset).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {"app.py", "chalicelib", "pynamodb", "jwt", "cryptography"} <= tops
    assert not tops & {"media_node", "infra", "tests", "web", "aiortc", "boto3", "pip", "setuptools", "docs", ".parley"}
    botocore = [name for name in names if name.startswith("botocore-")]
    assert botocore[0].startswith("botocore-1.43.106.dist-info"), "the versions are those of constraints.txt"
    assert asset.stat().st_size < 30 * 1024 * 1024


def test_the_api_takes_and_gives_bytes_of_every_media_type(template: dict[str, Any]) -> None:
    (api,) = of_type(template, "AWS::Serverless::Api").values()
    assert api["DefinitionBody"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]
