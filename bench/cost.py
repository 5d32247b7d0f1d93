"""What the control plane costs on AWS for 1,000 participant minutes, from the requests of real use cases.

    python -m bench.cost

Meetings of three sizes are lived through on a local database, from making the meeting to the end of its session. Every
request to the database is counted in DynamoDB's units; what is not counted is assumed below, and printed. docs/cost.md
has the table.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from chalicelib.contract.node_messages import Admission, EventBatch, EventType
from chalicelib.services.session_end import end_if_over
from chalicelib.services.session_events import take_events
from tests.dynamo_requests import Params, Requests, counted_requests
from tests.local_database import bound_table, local_database
from tests.real_stores import real_stores
from tests.session_life import NODE, Installation, event_of, installation

# us-east-1, on demand, list prices without free tiers, as published in November 2025. USD.
WRITE_UNIT = 0.625 / 1e6
READ_UNIT = 0.125 / 1e6
API_REQUEST = 3.50 / 1e6  # API Gateway, REST API
LAMBDA_REQUEST = 0.20 / 1e6
LAMBDA_GB_S = 0.0000166667
SQS_REQUEST = 0.40 / 1e6
LOG_GB = 0.50

LAMBDA_GB = 0.5
LAMBDA_S = 0.030  # of a call: 1 ms of its own, the rest is waiting for DynamoDB
LOG_BYTES = 600  # of a call: its line, and Lambda's own
EVENTS_AT_ONCE = 10  # events of a batch, as they gather while the last one is answered
STREAM_AT_ONCE = 20  # records of the table's stream that one invocation gets
HEARTBEATS_PER_S = 1
PEERS_OF_A_NODE = 500

# Cloudflare's RealtimeKit, published for general availability, a participant minute.
PEER_VIDEO, PEER_AUDIO = 0.002, 0.0005


@dataclass(frozen=True, slots=True)
class Size:
    """A kind of meeting."""

    name: str
    people: int
    publishers: int
    minutes: int


SIZES = (
    Size("2 people, 10 minutes", 2, 2, 10),
    Size("10 people, 45 minutes", 10, 10, 45),
    Size("webinar, 1,000 viewers, 60 minutes", 1_000, 3, 60),
)


@dataclass(slots=True)
class Bill:
    """What was used; everything but the database's requests is worked out from how many calls there were."""

    write_units: float = 0
    read_units: float = 0
    writes: int = 0
    api_calls: int = 0
    other_invocations: float = 0
    sqs_requests: int = 0

    def dollars(self) -> dict[str, float]:
        """Return the cost of each service in USD."""
        invocations = self.api_calls + self.other_invocations
        return {
            "DynamoDB": self.write_units * WRITE_UNIT + self.read_units * READ_UNIT,
            "API Gateway": self.api_calls * API_REQUEST,
            "Lambda": invocations * (LAMBDA_REQUEST + LAMBDA_S * LAMBDA_GB * LAMBDA_GB_S),
            "SQS, logs": self.sqs_requests * SQS_REQUEST + invocations * LOG_BYTES / 1e9 * LOG_GB,
        }


def live_through(place: Installation, size: Size, seen: Requests) -> Bill:
    """Make the meeting, let everybody join, publish and leave, and end the session."""
    seen.clear()
    meeting = place.meeting(f"Meeting of {size.people}", keep_alive_s=0)
    peers = [place.join(place.token(meeting, f"user{number}")) for number in range(size.people)]
    seq = _report(place, peers, 0, EventType.PEER_CONNECTED)
    for sid in ("TR_camera", "TR_microphone"):
        seq = _report(place, peers[: size.publishers], seq, EventType.TRACK_PUBLISHED, track_sid=sid)
    _report(place, peers, seq, EventType.PEER_LEFT)
    assert end_if_over(place.deps, peers[0].app_id, peers[0].session_id)
    bill = Bill(write_units=sum(seen.written().values()), read_units=_read_units(seen))
    bill.writes = sum(_items_written(params) for params in seen.params)
    events = 2 * size.people + 2 * size.publishers
    # Make the meeting; add, admit (the node asks twice: it validates first) and refresh nothing; the batches of events.
    bill.api_calls = 1 + 3 * size.people + math.ceil(events / EVENTS_AT_ONCE)
    beats = size.minutes * 60 * HEARTBEATS_PER_S * size.people / PEERS_OF_A_NODE
    bill.api_calls += math.ceil(beats)
    bill.write_units += beats
    bill.other_invocations = bill.writes / STREAM_AT_ONCE + 1
    bill.sqs_requests = 3
    return bill


def _report(place: Installation, peers: list[Admission], seq: int, kind: EventType, **fields: Any) -> int:
    for first in range(0, len(peers), EVENTS_AT_ONCE):
        events = []
        for peer in peers[first : first + EVENTS_AT_ONCE]:
            seq += 1
            events.append(event_of(peer, seq, kind, **fields))
        assert not take_events(place.deps, NODE, EventBatch(tuple(events))).refused
    place.beat(NODE)
    return seq


def _items_written(params: Params) -> int:
    return len(params.get("TransactItems", ())) or int("Item" in params or "UpdateExpression" in params)


def _read_units(seen: Requests) -> float:
    """Return the units of consistent reads: one for each item of up to 4 KB; a Query adds its items up."""
    units = 0.0
    for name, params in zip(seen.names, seen.params, strict=True):
        if name == "BatchGetItem":
            units += sum(len(asked["Keys"]) for asked in params["RequestItems"].values())
        elif name == "Query":
            units += 2  # what the flow asks for is small; lists are not part of it
    return units


def main() -> None:
    """Live through every size and print the table."""
    print(json.dumps({name: value for name, value in globals().items() if name.isupper() and name != "SIZES"}))
    print("| Meeting | participant minutes | " + " | ".join(Bill().dollars()) + " | sum per 1,000 minutes |")
    with local_database(), bound_table():
        place = installation(**real_stores())
        place.node()
        with counted_requests() as seen:
            for size in SIZES:
                bill = live_through(place, size, seen)
                minutes = size.people * size.minutes
                parts = {name: cost / minutes * 1000 for name, cost in bill.dollars().items()}
                shown = " | ".join(f"${cost:.4f}" for cost in parts.values())
                print(f"| {size.name} | {minutes:,} | {shown} | ${sum(parts.values()):.4f} |")
    print(f"RealtimeKit per 1,000 minutes: ${PEER_VIDEO * 1000:.2f} with video, ${PEER_AUDIO * 1000:.2f} audio only")


if __name__ == "__main__":
    main()
