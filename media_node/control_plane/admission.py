"""Asking the control plane for every client that wants to join, and what follows from an answer that was lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.ids import PeerId
from chalicelib.contract.node_messages import Admission, AdmissionAnswer, AdmissionRequest
from media_node.control_plane.backoff import backoff_s

_log = logging.getLogger(__name__)

TRIES = 2  # while the client waits; its SDK gives up after 5 to 15 s
SETTLE_TRIES = 12  # in the background, about 50 s
MAX_SETTLING = 1000
_UNCLEAR = {ErrorId.CONTROL_PLANE_UNREACHABLE, ErrorId.INTERNAL_ERROR, ErrorId.BUSY}


class Admissions:
    """Admits clients through `ask` (one call, raises ParleyError). `abandon` reports a peer that never came."""

    def __init__(
        self,
        ask: Callable[[AdmissionRequest], Awaitable[AdmissionAnswer]],
        new_peer_id: Callable[[], PeerId],
        abandon: Callable[[Admission], None],
        chance: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ask = ask
        self._new_peer_id = new_peer_id
        self._abandon = abandon
        self._chance = chance
        self._sleep = sleep
        self._settling: set[asyncio.Task[None]] = set()

    async def admit(self, token: str) -> AdmissionAnswer:
        """Return where the client of `token` goes. Raises ParleyError."""
        request = AdmissionRequest(token, self._new_peer_id())
        try:
            answer = await self._ask_again(request, TRIES)
        except ParleyError as error:
            if error.error in _UNCLEAR:
                self._settle(request)
            raise
        return answer

    async def check(self, token: str) -> None:
        """Ask whether the client of `token` could join now, and admit nobody. Raises ParleyError with the reason."""
        answer = await self._ask_again(AdmissionRequest(token, self._new_peer_id(), check_only=True), TRIES)
        if answer.admission is not None:  # a control plane of before `check_only` admits in earnest
            self._abandon(answer.admission)

    async def close(self) -> None:
        """Stop asking in the background."""
        for task in self._settling:
            task.cancel()
        await asyncio.gather(*self._settling, return_exceptions=True)

    async def _ask_again(self, request: AdmissionRequest, tries: int) -> AdmissionAnswer:
        for attempt in range(tries):
            try:
                return await self._ask(request)
            except ParleyError as error:
                if error.error not in _UNCLEAR or attempt + 1 == tries:
                    raise
                await self._sleep(backoff_s(attempt, self._chance))
        raise AssertionError("the loop returns or raises")

    def _settle(self, request: AdmissionRequest) -> None:
        """The peer may have been counted though no answer came: find out, and report that it never joined."""
        if len(self._settling) >= MAX_SETTLING:
            _log.error("too many unclear admissions; one is left to the end of its session")
            return
        task = asyncio.ensure_future(self._find_out(request))
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)

    async def _find_out(self, request: AdmissionRequest) -> None:
        try:
            answer = await self._ask_again(request, SETTLE_TRIES)
        except ParleyError:
            return  # refused: nothing was counted; never reachable: the session ends with this node's lease
        if answer.admission is not None:
            self._abandon(answer.admission)
