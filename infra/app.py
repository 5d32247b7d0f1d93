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


def synthesize(stage: str, output: Path | None = None) -> Path:
    """Write the stack of `stage` into `output` (or where the CDK command line wants it) and return that folder."""
    # The packager of Chalice runs pip: without this the zip would hold other versions than those that were tested.
    os.environ.setdefault("PIP_CONSTRAINT", str(ROOT / "constraints.txt"))
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")  # Node 20 does, and is what we ask for
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # Chalice asks for one although packaging needs none
    app = cdk.App(outdir=str(output) if output else None)
    ControlPlaneStack(app, f"parley-{stage}", stage=stage, source_dir=ROOT)
    folder = Path(app.synth().directory)
    shutil.rmtree(Path.cwd() / "chalice.out", ignore_errors=True)  # 15 MB that the assets now hold
    return folder


if __name__ == "__main__":
    synthesize(os.environ.get("PARLEY_STAGE", "dev"))
