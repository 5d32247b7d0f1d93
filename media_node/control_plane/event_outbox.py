"""Events on their way to the control plane: in order, in batches, kept until it took or refused them.

An event gets its place in its session's sequence here. The sequence of a session is remembered after its last peer
left: the session may come back to life on this node within its keep-alive, and goes on counting then.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from itertools import islice

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import SessionId
from chalicelib.contract.node_messages import MAX_EVENTS_PER_BATCH, EventBatch, EventsAccepted, EventType, NodeEvent
from media_node.control_plane.backoff import backoff_s

_log = logging.getLogger(__name__)

HIGH_WATER = 50_000  # events; beyond, the node takes no new peers: about 20 MB of memory
FORGET_SESSION_AFTER_S = 3600.0  # a session's keep-alive is 600 s at most
_TRACK_EVENTS = (EventType.TRACK_PUBLISHED, EventType.TRACK_UNPUBLISHED)
_RETRY_ALONE = {ErrorId.INVALID_JSON, ErrorId.INVALID_FIELD, ErrorId.BODY_TOO_LARGE}


@dataclass(slots=True)
class _Entry:
    event: NodeEvent
    happened_at: float
    done: bool = False


@dataclass(slots=True)
class OutboxCounters:
    """Totals; `waiting` is how many events are in the outbox now."""

    waiting: int = 0
    sent: int = 0
    refused: int = 0
    dropped: int = 0
    failed_calls: int = 0


class EventOutbox:
    """Sends events through `post`, which raises ParleyError when nothing of a batch was looked at."""

    def __init__(
        self,
        post: Callable[[EventBatch], Awaitable[EventsAccepted]],
        on_fenced: Callable[[SessionId], None],
        now: Callable[[], float],
        chance: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._post = post
        self._on_fenced = on_fenced
        self._now = now
        self._chance = chance
        self._sleep = sleep
        self._entries: deque[_Entry] = deque()
        self._sequences: dict[tuple[SessionId, int], tuple[int, float]] = {}
        self._wake = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._batch_limit = MAX_EVENTS_PER_BATCH
        self.counters = OutboxCounters()

    @property
    def is_full(self) -> bool:
        """Tell whether so much waits that no new peer should be admitted."""
        return len(self._entries) >= HIGH_WATER

    def append(self, event: NodeEvent) -> None:
        """Keep an event that happened now; its `seq` and `age_ms` are filled in here."""
        if self.is_full and event.type in _TRACK_EVENTS:
            # Peers come and go as often as they were admitted, which stops at the mark; tracks have no such bound.
            self.counters.dropped += 1
            return
        key = (event.session_id, event.epoch)
        seq = self._sequences.get(key, (0, 0.0))[0] + 1
        self._sequences[key] = (seq, self._now())
        self._entries.append(_Entry(replace(event, seq=seq), self._now()))
        self.counters.waiting = len(self._entries)
        self._emptied.clear()
        self._wake.set()

    def drop_session(self, session_id: SessionId) -> None:
        """Forget what waits of a session that this node does not own any more."""
        for entry in self._entries:
            if entry.event.session_id == session_id and not entry.done:
                entry.done = True
                self.counters.dropped += 1
        self._tidy()

    def forget_idle_sessions(self, live: set[SessionId]) -> None:
        """Drop the sequences of sessions that ended long ago; called now and then."""
        horizon = self._now() - FORGET_SESSION_AFTER_S
        self._sequences = {
            key: (seq, at) for key, (seq, at) in self._sequences.items() if key[0] in live or at > horizon
        }

    async def run(self) -> None:
        """Send what comes until cancelled."""
        attempt = 0
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._entries:
                attempt = 0 if await self._send_batch() else attempt + 1
                if attempt:
                    await self._sleep(backoff_s(attempt - 1, self._chance))

    async def wait_empty(self) -> None:
        """Return when everything was taken or refused."""
        await self._emptied.wait()

    async def _send_batch(self) -> bool:
        batch = [entry for entry in islice(self._entries, self._batch_limit) if not entry.done]
        now = self._now()
        events = tuple(replace(entry.event, age_ms=max(0, int((now - entry.happened_at) * 1000))) for entry in batch)
        try:
            answer = await self._post(EventBatch(events))
        except ParleyError as error:
            self.counters.failed_calls += 1
            return self._after_failure(batch, error)
        self._batch_limit = MAX_EVENTS_PER_BATCH
        for entry in batch[: answer.handled]:
            entry.done = True
        self.counters.sent += answer.handled
        for refused in answer.refused:
            self.counters.refused += 1
            event = batch[refused.index].event if refused.index < len(batch) else None
            if event is not None:
                batch[refused.index].done = True
                extra = {"error": refused.error, "event_type": event.type.value, "session_id": event.session_id}
                _log.warning("event refused", extra={**extra, "fenced": refused.fenced})
                if refused.fenced:
                    self.drop_session(event.session_id)
                    self._on_fenced(event.session_id)
        self._tidy()
        return answer.handled > 0

    def _after_failure(self, batch: list[_Entry], error: ParleyError) -> bool:
        if error.error not in _RETRY_ALONE:
            return False
        # The control plane can't read this batch, now or ever. Send its events one by one to find the bad one.
        if len(batch) == 1:
            _log.error(
                "event cannot be delivered", extra={"error": str(error), "event_type": batch[0].event.type.value}
            )
            batch[0].done = True
            self.counters.dropped += 1
            self._tidy()
        self._batch_limit = 1
        return True

    def _tidy(self) -> None:
        while self._entries and self._entries[0].done:
            self._entries.popleft()
        self.counters.waiting = len(self._entries)
        if not self._entries:
            self._emptied.set()
