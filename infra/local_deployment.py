"""Deploys the synthesized stack to an AWS emulator over its public API, as the CDK command line does to AWS.

The packaged zip and the template are the ones AWS would get, but for the endpoint and the demand for TLS. Used by
``make deploy-local`` and by the integration test that drives the deployed app.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

ACCOUNT = "000000000000"
REGION = "us-east-1"
BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"  # what `cdk bootstrap` leaves behind; the template asks for it
WAIT_S = 2
WAIT_ATTEMPTS = 90


class PackagingFailed(Exception):
    """Chalice or CDK could not write the template."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where a deployed control plane is: its base URL without a slash at the end, its table and its queue."""

    url: str
    table: str
    queue_url: str


def write_assembly(root: Path, stage: str, output: Path, *, plain_http: bool = False) -> None:
    """Package the app and write its cloud assembly into `output`. Raises PackagingFailed with what was said.

    With `plain_http` the queues do not insist on TLS: the emulator speaks HTTP, and enforces what the template says.
    """
    output.mkdir(parents=True)
    env = {
        **os.environ,
        "CDK_OUTDIR": str(output),
        "PARLEY_STAGE": stage,
        "PARLEY_PLAIN_HTTP": "1" if plain_http else "0",
        "PYTHONPATH": str(root),
        # CDK warns in nine lines about Node 20, which works.
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }
    # A process of its own: CDK keeps a Node process while it is imported, and Chalice writes to the working folder.
    done = subprocess.run(
        [sys.executable, "-m", "infra.app"], env=env, cwd=output.parent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PackagingFailed(done.stdout + done.stderr)


def deploy(endpoint: str, assembly: Path, stack: str, parameters: Mapping[str, str]) -> Deployed:
    """Create or update `stack` from the cloud assembly at the emulator `endpoint`.

    Raises botocore's WaiterError when CloudFormation gives up; the reasons are in its events.
    """
    session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)
    clients = {name: session.client(name, endpoint_url=endpoint) for name in ("s3", "ssm", "cloudformation")}
    clients["ssm"].put_parameter(Name=BOOTSTRAP_VERSION, Value="21", Type="String", Overwrite=True)
    template_url = upload_assets(clients["s3"], endpoint, assembly, stack)
    outputs = _apply(clients["cloudformation"], stack, template_url, parameters)
    url = f"{endpoint}/_aws/execute-api/{outputs['RestAPIId']}/api"
    return Deployed(url, outputs["TableName"], outputs["QueueUrl"])


def upload_assets(s3: Any, endpoint: str, assembly: Path, stack: str) -> str:
    """Put every file of the asset manifest into its bucket and return the URL of the template among them."""
    manifest = json.loads((assembly / f"{stack}.assets.json").read_text())
    template_url = ""
    for asset in manifest["files"].values():
        path = asset["source"]["path"]
        for destination in asset["destinations"].values():
            bucket, key = _here(destination["bucketName"]), _here(destination["objectKey"])
            s3.create_bucket(Bucket=bucket)
            s3.upload_file(str(assembly / path), bucket, key)
            if path == f"{stack}.template.json":
                template_url = f"{endpoint}/{bucket}/{key}"
    assert template_url, "the CDK writes the template as an asset of its own"
    return template_url


def _here(name: str) -> str:
    return name.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)


def _apply(cloudformation: Any, stack: str, template_url: str, parameters: Mapping[str, str]) -> dict[str, str]:
    arguments = {
        "StackName": stack,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    }
    waiter = "stack_update_complete" if _exists(cloudformation, stack) else "stack_create_complete"
    if waiter == "stack_update_complete":
        cloudformation.update_stack(**arguments)
    else:
        cloudformation.create_stack(**arguments)
    cloudformation.get_waiter(waiter).wait(
        StackName=stack, WaiterConfig={"Delay": WAIT_S, "MaxAttempts": WAIT_ATTEMPTS}
    )
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def _exists(cloudformation: Any, stack: str) -> bool:
    try:
        return bool(cloudformation.describe_stacks(StackName=stack)["Stacks"])
    except cloudformation.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return False
