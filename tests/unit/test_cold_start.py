"""What a cold start of the Lambda imports: what only some requests need is not among it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Each costs tens of milliseconds; the first request that needs one imports it. Not cryptography, which PyJWT brings:
# where pyOpenSSL is installed, as it is for media nodes, urllib3 imports it.
LATER = {
    "aws_lambda_powertools": "logs and metrics: telemetry.py, by the first request",
    "boto3": "nothing in the Lambda",
    "google": "protobuf: LiveKit's server API",
    "jwt": "signing and verifying tokens",
    "livekit": "LiveKit's server API",
    "pydantic": "bodies and queries: the module of the route",
}


def test_importing_the_app_imports_nothing_that_only_some_requests_need() -> None:
    look = "import sys, app; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"chalice", "pynamodb"} <= loaded
    assert not loaded & LATER.keys()


def test_importing_the_app_imports_no_module_of_a_route() -> None:
    look = "import sys, app; print(*(name for name in sys.modules if name.startswith('chalicelib.api.')))"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"chalicelib.api.mounts", "chalicelib.api.route_table"}
