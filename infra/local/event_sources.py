"""What feeds the Lambdas on a laptop: one thread per DynamoDB stream, SQS queue and schedule of the Chalice app.

The handlers are the deployed ones (``app.handler_map``) and get the deployed events (lambda_events.py). Everything is
delivered at least once; a database or queue that is away for a while only delays it.
"""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from chalice.app import Chalice, DynamoDBEventConfig, ScheduledEventConfig, ScheduleExpression, SQSEventConfig
from chalice.local import LambdaContext

from infra.local.batch_delivery import Delivery, deliver_in_order, failures
from infra.local.lambda_events import queue_event, schedule_event, sequence_number, stream_event
from infra.local.schedule_expression import next_fire
from infra.local.stream_positions import StreamPositions

log = logging.getLogger("parley.event_sources")
STREAM_IDLE_S = 0.2
SCHEDULE_FIRST_S = 1.0  # a sweep soon after a start finds what the crash before it left behind
QUEUE_WAIT_S = 1
VISIBILITY_S = 30
MAX_RECEIVES = 5
LAMBDA_MEMORY_MB = 512
LAMBDA_TIMEOUT_MS = 60_000
MAX_BACKOFF_S = 5.0
_LOST_POSITION = {"TrimmedDataAccessException", "ResourceNotFoundException", "ValidationException"}
_LOST_ITERATOR = {"ExpiredIteratorException", *_LOST_POSITION}

Handler = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Clients:
    """The three clients of botocore that event sources read from."""

    dynamodb: Any
    streams: Any
    sqs: Any


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the events of one local installation come from; `schedule_seconds` replaces every schedule's own period."""

    clients: Clients
    table: str
    queue_url: Callable[[str], str]
    data_dir: Path
    schedule_seconds: float | None = None


class Poller(threading.Thread):
    """Calls `step` until stopped; `step` returns how many seconds to wait before the next call."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.stopped = threading.Event()

    def step(self) -> float:
        """Do one round."""
        raise NotImplementedError

    def run(self) -> None:
        """Step for as long as the process lives; an error is logged and only slows the next step down."""
        failed = 0
        while not self.stopped.is_set():
            try:
                idle = self.step()
                failed = 0
            except (BotoCoreError, ClientError) as error:
                failed += 1
                idle = min(0.1 * 2**failed, MAX_BACKOFF_S)
                log.warning("%s: %s; again in %.1f s", self.name, error, idle)
            except Exception:
                failed += 1
                idle = MAX_BACKOFF_S
                log.exception("%s: an error of ours; again in %.1f s", self.name, idle)
            self.stopped.wait(idle)


def pollers(app: Chalice, sources: Sources) -> list[Poller]:
    """Return a poller, not started, for each event source of `app`. Raises ValueError on a kind there is none for."""
    made: list[Poller] = []
    for config in app.event_sources:
        handler = _handler(app, config.name)
        if isinstance(config, DynamoDBEventConfig):
            made.append(StreamPoller(config, handler, sources))
        elif isinstance(config, SQSEventConfig):
            made.append(QueuePoller(config, handler, sources))
        elif isinstance(config, ScheduledEventConfig):
            made.append(SchedulePoller(config, handler, sources))
        else:
            raise ValueError(f"no local stand-in for the event source {config.name} ({type(config).__name__})")
    return made


def _handler(app: Chalice, name: str) -> Handler:
    def call(event: dict[str, Any]) -> Any:
        return app.handler_map[name](event, LambdaContext(name, LAMBDA_MEMORY_MB, LAMBDA_TIMEOUT_MS))

    return call


class StreamPoller(Poller):
    """Reads every shard of the table's stream in order, from the saved position or from its oldest record."""

    def __init__(self, config: DynamoDBEventConfig, handler: Handler, sources: Sources) -> None:
        super().__init__(f"stream:{config.name}")
        self._handler = handler
        self._sources = sources
        self._batch_size = config.batch_size
        self._positions = StreamPositions(sources.data_dir / f"positions-{config.name}.json")
        self._dead_letters = sources.data_dir / "dead-letters.jsonl"
        self._arn = ""
        self._iterators: dict[str, str | None] = {}

    def step(self) -> float:
        """Deliver one batch of each open shard."""
        if not any(self._iterators.values()):
            self._discover()
        seen = 0
        for shard_id, iterator in list(self._iterators.items()):
            if iterator is not None:
                seen += self._read(shard_id, iterator)
        return 0 if seen else STREAM_IDLE_S

    def _discover(self) -> None:
        table = self._sources.clients.dynamodb.describe_table(TableName=self._sources.table)["Table"]
        if table["LatestStreamArn"] != self._arn:
            self._arn, self._iterators = table["LatestStreamArn"], {}
        stream = self._sources.clients.streams.describe_stream(StreamArn=self._arn)["StreamDescription"]
        for shard in stream["Shards"]:
            # Oldest first: a shard is opened when its parent has been read to the end, so order per item is kept.
            if shard["ShardId"] not in self._iterators and not self._iterators.get(shard.get("ParentShardId", "")):
                self._iterators[shard["ShardId"]] = self._open(shard["ShardId"])

    def _open(self, shard_id: str) -> str:
        streams = self._sources.clients.streams
        position = self._positions.get(self._arn, shard_id)
        if position is not None:
            try:
                answer = streams.get_shard_iterator(
                    StreamArn=self._arn,
                    ShardId=shard_id,
                    ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                    SequenceNumber=position,
                )
                return str(answer["ShardIterator"])
            except ClientError as error:
                if error.response["Error"]["Code"] not in _LOST_POSITION:
                    raise
                log.warning("%s: position %s is gone, reading from the oldest record", self.name, position)
        answer = streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")
        return str(answer["ShardIterator"])

    def _read(self, shard_id: str, iterator: str) -> int:
        try:
            answer = self._sources.clients.streams.get_records(ShardIterator=iterator, Limit=self._batch_size)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _LOST_ITERATOR:
                raise
            del self._iterators[shard_id]
            return 0
        records = answer["Records"]
        if records:
            deliver_in_order(records, Delivery(self._invoke, sequence_number, self._pause, self._give_up))
            self._positions.put(self._arn, shard_id, sequence_number(records[-1]))
        self._iterators[shard_id] = answer.get("NextShardIterator")
        return len(records)

    def _invoke(self, records: Sequence[dict[str, Any]]) -> Any:
        try:
            return self._handler(stream_event(list(records), self._arn))
        except Exception:
            log.exception("%s: the handler failed on a batch of %d", self.name, len(records))
            raise

    def _pause(self, attempt: int) -> None:
        self.stopped.wait(0.1 * 2**attempt)

    def _give_up(self, record: dict[str, Any], reason: str) -> None:
        # Like Lambda's on-failure destination: where the record is, not what is in it (images hold secrets).
        log.error("%s: gave up record %s: %s", self.name, sequence_number(record), reason)
        line = {"source": self.name, "stream": self._arn, "sequence_number": sequence_number(record), "at": time.time()}
        with self._dead_letters.open("a") as file:
            file.write(json.dumps(line) + "\n")


class QueuePoller(Poller):
    """Receives from an SQS queue; what the handler does not report as failed is deleted, the rest comes back."""

    def __init__(self, config: SQSEventConfig, handler: Handler, sources: Sources) -> None:
        super().__init__(f"queue:{config.name}")
        self._handler = handler
        self._sqs = sources.clients.sqs
        self._url = sources.queue_url(config.queue or "")
        self._queue = self._url.rsplit("/", 1)[-1]
        self._batch_size = min(config.batch_size, 10)
        self._ready = False

    def step(self) -> float:
        """Wait up to QUEUE_WAIT_S for messages and handle them."""
        if not self._ready:
            create_queue(self._sqs, self._queue)
            self._ready = True
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=self._batch_size,
                WaitTimeSeconds=QUEUE_WAIT_S,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
        except ClientError:
            self._ready = False  # an emulator that lost its memory gets its queue again
            raise
        if messages := answer.get("Messages", []):
            self._handle(messages)
        return 0

    def _handle(self, messages: list[dict[str, Any]]) -> None:
        try:
            failed = failures(self._handler(queue_event(messages, self._queue)))
        except Exception:
            log.exception("%s: the handler failed on %d messages", self.name, len(messages))
            return
        for message in messages:
            if failed is not None and message["MessageId"] not in failed:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])


class SchedulePoller(Poller):
    """Calls its handler at the times of a schedule, and once soon after the start."""

    def __init__(self, config: ScheduledEventConfig, handler: Handler, sources: Sources) -> None:
        super().__init__(f"schedule:{config.name}")
        expression = config.schedule_expression
        self._expression = expression.to_string() if isinstance(expression, ScheduleExpression) else expression
        self._handler = handler
        self._seconds = sources.schedule_seconds
        self._rule = config.name
        self._first = True
        next_fire(self._expression, datetime.now(UTC))  # a wrong expression is found now, not at night

    def step(self) -> float:
        """Fire, unless this is the first call."""
        if self._first:
            self._first = False
            return min(SCHEDULE_FIRST_S, self._seconds or SCHEDULE_FIRST_S)
        now = datetime.now(UTC)
        try:
            self._handler(schedule_event(self._rule, str(uuid.uuid4()), now))
        except Exception:
            log.exception("%s: the handler failed", self.name)
        if self._seconds is not None:
            return self._seconds
        return (next_fire(self._expression, now) - datetime.now(UTC)).total_seconds()


def create_queue(sqs: Any, name: str) -> None:
    """Make the queue and its dead-letter queue where they are not there, with the deployed stack's settings."""
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES})
    sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": str(VISIBILITY_S), "RedrivePolicy": redrive})
