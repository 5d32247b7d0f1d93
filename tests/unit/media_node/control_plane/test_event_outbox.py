"""Events reach the control plane in order, each until it was taken or refused, whatever fails in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import AppId, PeerId, SessionId
from chalicelib.contract.node_messages import (
    MAX_EVENTS_PER_BATCH,
    EventBatch,
    EventsAccepted,
    EventType,
    NodeEvent,
    RefusedEvent,
)
from media_node.control_plane.event_outbox import FORGET_SESSION_AFTER_S, HIGH_WATER, EventOutbox

ONE, TWO = SessionId("one"), SessionId("two")
Answer = Callable[[EventBatch], EventsAccepted]


class Receiver:
    """The far end: answers by the rules in `script`, then takes everything."""

    def __init__(self, *script: ParleyError | Answer) -> None:
        self.script = list(script)
        self.batches: list[EventBatch] = []
        self.fenced: list[SessionId] = []
        self.slept: list[float] = []
        self.now = 50.0

    async def post(self, batch: EventBatch) -> EventsAccepted:
        self.batches.append(batch)
        await asyncio.sleep(0)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, ParleyError):
            raise step
        return step(batch) if step else EventsAccepted(len(batch.events))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    @property
    def taken(self) -> list[tuple[str, int]]:
        return [(event.session_id, event.seq) for batch in self.batches for event in batch.events]


@asynccontextmanager
async def outbox_to(receiver: Receiver) -> AsyncIterator[EventOutbox]:
    outbox = EventOutbox(receiver.post, receiver.fenced.append, lambda: receiver.now, lambda: 0.5, receiver.sleep)
    task = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def event(session_id: SessionId = ONE, kind: EventType = EventType.PEER_CONNECTED, epoch: int = 1) -> NodeEvent:
    return NodeEvent(kind, AppId("app"), session_id, epoch, 0, PeerId("peer"))


async def emptied(outbox: EventOutbox) -> None:
    await asyncio.wait_for(outbox.wait_empty(), 5)


async def test_each_session_counts_for_itself_from_one() -> None:
    receiver = Receiver()
    async with outbox_to(receiver) as outbox:
        for session_id in (ONE, TWO, ONE, ONE, TWO):
            outbox.append(event(session_id))
        await emptied(outbox)
    assert receiver.taken == [(ONE, 1), (TWO, 1), (ONE, 2), (ONE, 3), (TWO, 2)]


async def test_a_session_that_comes_back_to_life_goes_on_counting_and_a_new_epoch_starts_over() -> None:
    receiver = Receiver()
    async with outbox_to(receiver) as outbox:
        outbox.append(event())
        await emptied(outbox)
        receiver.now += 600
        outbox.forget_idle_sessions(set())
        outbox.append(event())
        outbox.append(event(epoch=2))
        await emptied(outbox)
        receiver.now += FORGET_SESSION_AFTER_S + 1
        outbox.forget_idle_sessions(set())
        outbox.append(event())
        await emptied(outbox)
    assert [seq for _, seq in receiver.taken] == [1, 2, 1, 1]


async def test_the_age_is_told_when_the_event_is_sent() -> None:
    receiver = Receiver(ParleyError(ErrorId.CONTROL_PLANE_UNREACHABLE, "down"))
    async with outbox_to(receiver) as outbox:
        outbox.append(event())
        await asyncio.sleep(0)
        receiver.now += 2.5
        await emptied(outbox)
    assert receiver.batches[-1].events[0].age_ms == 2500


async def test_batches_are_bounded_and_in_order() -> None:
    receiver = Receiver()
    async with outbox_to(receiver) as outbox:
        for _ in range(250):
            outbox.append(event())
        await emptied(outbox)
    assert [len(batch.events) for batch in receiver.batches] == [MAX_EVENTS_PER_BATCH, MAX_EVENTS_PER_BATCH, 50]
    assert receiver.taken == [(ONE, seq) for seq in range(1, 251)]


async def test_failures_are_retried_with_growing_pauses_and_nothing_is_lost() -> None:
    receiver = Receiver(*[ParleyError(ErrorId.CONTROL_PLANE_UNREACHABLE, "down")] * 8)
    async with outbox_to(receiver) as outbox:
        outbox.append(event())
        outbox.append(event())
        await emptied(outbox)
    assert len(receiver.batches) == 9
    assert receiver.slept == sorted(receiver.slept)
    assert 0.1 <= receiver.slept[0] < 0.2
    assert receiver.slept[-1] <= 5.0
    assert receiver.batches[-1].events[-1].seq == 2


async def test_what_was_not_handled_is_sent_again() -> None:
    receiver = Receiver(lambda batch: EventsAccepted(2))
    async with outbox_to(receiver) as outbox:
        for _ in range(5):
            outbox.append(event())
        await emptied(outbox)
    assert [[e.seq for e in batch.events] for batch in receiver.batches] == [[1, 2, 3, 4, 5], [3, 4, 5]]


async def test_an_answer_that_handles_nothing_is_no_reason_to_spin() -> None:
    receiver = Receiver(*[lambda batch: EventsAccepted(0)] * 3)
    async with outbox_to(receiver) as outbox:
        outbox.append(event())
        await emptied(outbox)
    assert len(receiver.slept) == 3


async def test_a_refused_event_is_dropped_and_the_rest_goes_on() -> None:
    receiver = Receiver(lambda batch: EventsAccepted(3, (RefusedEvent(1, "session_not_found"),)))
    async with outbox_to(receiver) as outbox:
        for _ in range(3):
            outbox.append(event())
        await emptied(outbox)
        assert outbox.counters.refused == 1
    assert len(receiver.batches) == 1
    assert receiver.fenced == []


async def test_a_fenced_session_is_dropped_with_all_that_waits_of_it() -> None:
    receiver = Receiver(lambda batch: EventsAccepted(1, (RefusedEvent(0, "stale_epoch", fenced=True),)))
    async with outbox_to(receiver) as outbox:
        for session_id in (ONE, ONE, TWO, ONE):
            outbox.append(event(session_id))
        await emptied(outbox)
    assert receiver.fenced == [ONE]
    assert [(e.session_id, e.seq) for e in receiver.batches[1].events] == [(TWO, 1)]


async def test_an_event_that_cannot_be_read_is_found_and_dropped_alone() -> None:
    def picky(batch: EventBatch) -> EventsAccepted:
        if any(e.seq == 2 for e in batch.events):
            raise ParleyError(ErrorId.INVALID_FIELD, "no")
        return EventsAccepted(len(batch.events))

    receiver = Receiver(*[picky] * 10)
    async with outbox_to(receiver) as outbox:
        for _ in range(3):
            outbox.append(event())
        await emptied(outbox)
        assert outbox.counters.dropped == 1
    assert [[e.seq for e in batch.events] for batch in receiver.batches] == [[1, 2, 3], [1], [2, 3], [2], [3]]


async def test_when_too_much_waits_tracks_are_dropped_and_peers_are_not() -> None:
    receiver = Receiver()
    outbox = EventOutbox(receiver.post, receiver.fenced.append, lambda: 0.0, lambda: 0.0)
    for _ in range(HIGH_WATER):
        outbox.append(event())
    assert outbox.is_full
    outbox.append(event(kind=EventType.TRACK_PUBLISHED))
    outbox.append(event(kind=EventType.PEER_LEFT))
    assert (outbox.counters.waiting, outbox.counters.dropped) == (HIGH_WATER + 1, 1)
