"""Importing the composition root: without any setting, without X-Ray, and fast enough for a cold start."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = """
import sys, app
loaded = {name.split('.')[0] for name in sys.modules}
assert not loaded & {'aws_xray_sdk', 'boto3', 'aiortc', 'media_node', 'cloudflare'}, loaded
assert app.app.routes
"""


def test_the_app_is_imported_without_settings_and_without_what_it_does_not_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
