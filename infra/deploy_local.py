"""``make deploy-local``: package the app, deploy its CloudFormation stack to an AWS emulator here, until Ctrl-C.

Every start is a fresh AWS: the emulator forgets stream records but not how far they were read, so a state that was
kept would lose changes. Rights are enforced (AUTH), so a missing grant fails here and not first in AWS.
"""

import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.child import Child, ChildSpec
from infra.local.control_plane import wait_for_port
from infra.local.credentials import Credentials, dev_env, new_credentials, write_dev_env
from infra.local.ports import NotFree, check_tcp
from infra.local.settings import SettingsError, read_port
from infra.local.supervisor import log_tail
from infra.local_deployment import REGION, Deployed, PackagingFailed, deploy, write_assembly

ROOT = Path(__file__).resolve().parent.parent
STAGE = "dev"
EMULATOR_DEADLINE_S = 30.0
STOP_GRACE_S = 5.0
SERVICES = "apigateway,cloudformation,dynamodb,dynamodbstreams,events,iam,lambda,logs,s3,sqs,ssm,sts"
ROOT_KEY = "local"  # the emulator takes this key pair for the account's own, which may do everything


def main() -> int:
    """Return the exit status."""
    try:
        port = read_port(os.environ, "PARLEY_DEPLOY_PORT", 4566)
        check_tcp("127.0.0.1", port, "PARLEY_DEPLOY_PORT", "make deploy-local")
    except (SettingsError, NotFree) as problem:
        print(f"parley: {problem}", file=sys.stderr)
        return 1
    data_dir = (ROOT / (os.environ.get("PARLEY_DATA_DIR") or ".parley")).resolve()
    (data_dir / "logs").mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="parley-deploy-") as folder:
        try:
            return asyncio.run(_run(port, data_dir, Path(folder)))
        except (PackagingFailed, BotoCoreError, ClientError, TimeoutError) as problem:
            log = data_dir / "logs" / "deployed.log"
            print(f"parley: the deployment failed: {problem}\n{log_tail(log)}", file=sys.stderr)
            return 1


async def _run(port: int, data_dir: Path, folder: Path) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    emulator = Child(_emulator(port, data_dir, folder), _say)
    await emulator.start()
    try:
        done = asyncio.create_task(asyncio.to_thread(_deploy, port, data_dir, folder))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({done, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            _say(done.result())
        await stopping
    finally:
        await emulator.stop(STOP_GRACE_S)
    return 0


def _deploy(port: int, data_dir: Path, folder: Path) -> str:
    endpoint = f"http://127.0.0.1:{port}"
    _say("packaging the app and writing its template ...")
    assembly = folder / "assembly"
    write_assembly(ROOT, STAGE, assembly, plain_http=True)
    wait_for_port(endpoint, EMULATOR_DEADLINE_S)
    _say("deploying ...")
    credentials = new_credentials()
    parameters = {"SigningKey": credentials.signing_key, "NodeSecret": credentials.node_secret}
    deployed = deploy(endpoint, assembly, f"parley-{STAGE}", parameters)
    known = _seed(endpoint, deployed, credentials)
    values = dev_env(known, deployed.url, 0)
    # What `make run` offers and a deployment of the control plane alone does not: signalling and media.
    shown = {name: value for name, value in values.items() if name not in {"LIVEKIT_URL", "PARLEY_MEDIA_PORT"}}
    extra = {"PARLEY_NODE_SECRET": known.node_secret, "AWS_ENDPOINT_URL": endpoint, "PARLEY_TABLE": deployed.table}
    write_dev_env(data_dir / "deployed.env", {**shown, **extra})
    lines = [
        "Parley's control plane is deployed (Ctrl-C stops it)",
        f"  API       {deployed.url}",
        f"  settings  . {data_dir}/deployed.env",
    ]
    return "\n".join(lines)


def _seed(endpoint: str, deployed: Deployed, credentials: Credentials) -> Credentials:
    """Make the account and the app in the deployed table, from here, as an operator does."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]  # the caller's own profile or endpoints, a service's own one above all, lead elsewhere
    os.environ.update(
        {
            **_account(),
            "AWS_ENDPOINT_URL": endpoint,
            "PARLEY_STAGE": STAGE,
            "PARLEY_TABLE": deployed.table,
            "PARLEY_QUEUE_URL": deployed.queue_url,
            "PARLEY_SIGNING_KEY": credentials.signing_key,
            "PARLEY_NODE_SECRET": credentials.node_secret,
        }
    )
    import app as control_plane  # its settings are read when its dependencies are built, below
    from infra.local.seed import seed

    return seed(control_plane.dependencies(), credentials)


def _account() -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def _emulator(port: int, data_dir: Path, folder: Path) -> ChildSpec:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PARLEY_"))}
    env = {
        **inherited,
        **_account(),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "SERVICES": SERVICES,
        "AUTH": "true",
        "TMPDIR": str(folder),
        "S3_DATA_DIR": str(folder / "s3"),
        "STATE_DIR": str(folder / "state"),
        "LOG_LEVEL": "INFO",
    }
    argv = (sys.executable, "-m", "ministack")
    return ChildSpec("ministack", argv, env, folder, data_dir / "logs" / "deployed.log")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
