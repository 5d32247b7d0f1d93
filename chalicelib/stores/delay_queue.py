"""Delayed messages through SQS. The client is botocore's, which PynamoDB brings anyway; boto3 is not needed.

The endpoint and the credentials are botocore's business (``AWS_ENDPOINT_URL_SQS``, ``AWS_ACCESS_KEY_ID`` ...).
"""

import json
import threading
from typing import Any

import botocore.session
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.services.ports import StoreUnavailable
from chalicelib.services.session_ports import SessionCheck

MAX_DELAY_S = 900  # SQS
_TIMEOUTS = ClientConfig(connect_timeout=2, read_timeout=5, retries={"max_attempts": 2, "mode": "standard"})


class SqsDelayQueue:
    """The DelayQueue of the real system; the client is made at the first message."""

    def __init__(self, queue_url: str) -> None:
        """`queue_url` is what SQS calls the queue, e.g. ``https://sqs.../parley-dev-session-checks``."""
        self._queue_url = queue_url
        self._client: Any = None
        self._making = threading.Lock()

    def send(self, check: SessionCheck, delay_s: int) -> None:
        """Deliver `check` in `delay_s` (0-900) seconds or a little later. Raises StoreUnavailable."""
        assert 0 <= delay_s <= MAX_DELAY_S, delay_s
        body = {"app_id": check.app_id, "session_id": check.session_id, "empty_since_ms": check.empty_since_ms}
        try:
            self._sqs().send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(body), DelaySeconds=delay_s)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"SQS: {type(error).__name__}") from error

    def _sqs(self) -> Any:
        with self._making:
            if self._client is None:
                self._client = botocore.session.get_session().create_client("sqs", config=_TIMEOUTS)
            return self._client
