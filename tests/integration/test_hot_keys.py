"""A thousand people joining one meeting in 10 s: what that writes to each item, counted by the hook of botocore."""

from collections.abc import Iterator

import pytest

from chalicelib.contract.node_messages import Admission, EventBatch, EventType
from chalicelib.services.session_events import take_events
from tests.dynamo_requests import counted_requests
from tests.local_database import bound_table, local_database
from tests.real_stores import real_stores
from tests.session_life import NODE, Installation, event_of, installation

PEOPLE = 1_000
SECONDS = 10
MOST_UNITS_PER_S = 300  # DynamoDB's limit is 1,000 for an item
BATCHES_PER_S = 10  # a node sends what has gathered while the last batch was answered: about 100 ms


@pytest.fixture
def table() -> Iterator[None]:
    with local_database(), bound_table():
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_no_item_is_written_more_than_300_units_a_second_while_a_thousand_join_in_ten() -> None:
    place = installation(**real_stores())
    place.node()
    meeting = place.meeting()
    with counted_requests() as adding:
        tokens = [place.token(meeting, f"user{number}") for number in range(PEOPLE)]
    hottest, units = adding.written().most_common(1)[0]
    assert units / SECONDS <= MOST_UNITS_PER_S, f"adding participants writes {units} units to {hottest}"

    with counted_requests() as joining:
        seq = 0
        for first in range(0, PEOPLE, PEOPLE // SECONDS // BATCHES_PER_S):
            peers = [place.join(token) for token in tokens[first : first + PEOPLE // SECONDS // BATCHES_PER_S]]
            place.clock.advance(1000 // BATCHES_PER_S)
            place.beat(NODE)
            seq = report(place, peers, seq)
    hottest, units = joining.written().most_common(1)[0]
    assert hottest[1] == "SESSION"
    assert units / SECONDS <= MOST_UNITS_PER_S, f"joining writes {units} units to {hottest}"
    session = place.session(peers[0])
    assert (session.live_peers, session.max_concurrent_peers) == (PEOPLE, PEOPLE)
    print(f"{units / SECONDS:.0f} write units a second to {hottest}")


def report(place: Installation, peers: list[Admission], seq: int) -> int:
    """Let the node say that they are connected and publish a camera and a microphone; return the last seq."""
    events = []
    for peer in peers:
        for kind, sid in (
            (EventType.PEER_CONNECTED, None),
            (EventType.TRACK_PUBLISHED, "TR_camera"),
            (EventType.TRACK_PUBLISHED, "TR_microphone"),
        ):
            seq += 1
            events.append(event_of(peer, seq, kind, track_sid=sid))
    taken = take_events(place.deps, NODE, EventBatch(tuple(events)))
    assert taken.handled == len(events) and not taken.refused
    return seq
