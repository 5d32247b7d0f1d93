"""Composition root of the deployment: ``python -m infra.app`` writes the CloudFormation template and its assets.

Run by the CDK command line (``npx aws-cdk@2.1148.1 deploy``, see cdk.json) or by ``make deploy-local``, which needs no
command line of CDK. The stage comes from ``PARLEY_STAGE``.
"""

import os
import shutil
from pathlib import Path

import aws_cdk as cdk

from infra.control_plane_stack import ControlPlaneStack

ROOT = Path(__file__).resolve().parent.parent


def synthesize(stage: str) -> Path:
    """Write the stack of `stage` to where ``CDK_OUTDIR`` says and return that folder."""
    # The packager of Chalice runs pip: without this the zip would hold other versions than those that were tested.
    os.environ.setdefault("PIP_CONSTRAINT", str(ROOT / "constraints.txt"))
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # Chalice asks for one although packaging needs none
    app = cdk.App()
    tls_only = os.environ.get("PARLEY_PLAIN_HTTP") != "1"
    ControlPlaneStack(app, f"parley-{stage}", stage=stage, source_dir=ROOT, tls_only=tls_only)
    folder = Path(app.synth().directory)
    shutil.rmtree(Path.cwd() / "chalice.out", ignore_errors=True)  # what the assets now hold
    return folder


if __name__ == "__main__":
    synthesize(os.environ.get("PARLEY_STAGE", "dev"))
