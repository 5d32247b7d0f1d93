"""Limits on TCP connections that the HTTP library does not have: how many, and how long until the first request."""

import asyncio
from collections.abc import Callable

from aiohttp import web


class ConnectionGuards:
    """Makes the protocols of a listening socket; knows which connections are open."""

    def __init__(self, make: Callable[[], web.RequestHandler], most: int, first_request_s: float) -> None:
        self._make = make
        self._most = most
        self._first_request_s = first_request_s
        self._open: dict[web.RequestHandler, _Guard] = {}

    def __len__(self) -> int:
        return len(self._open)

    def protocol(self) -> asyncio.Protocol:
        """Return the protocol of a new connection, which closes at once if it is one too many."""
        if len(self._open) >= self._most:
            return _Refuse()
        handler = self._make()
        guard = self._open[handler] = _Guard(handler, self._first_request_s, self._closed)
        return guard

    def has_spoken(self, handler: web.RequestHandler | None) -> None:
        """Note that a whole request came over this connection."""
        guard = self._open.get(handler) if handler is not None else None
        if guard is not None:
            guard.relax()

    def _closed(self, handler: web.RequestHandler) -> None:
        self._open.pop(handler, None)


class _Guard(asyncio.Protocol):
    """Stands between a transport and the HTTP library's protocol."""

    def __init__(
        self, handler: web.RequestHandler, first_request_s: float, closed: Callable[[web.RequestHandler], None]
    ) -> None:
        self._handler = handler
        self._first_request_s = first_request_s
        self._closed = closed
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._timer = asyncio.get_running_loop().call_later(self._first_request_s, transport.abort)
        self._handler.connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.relax()
        self._closed(self._handler)
        self._handler.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._handler.data_received(data)

    def eof_received(self) -> None:
        self._handler.eof_received()

    def pause_writing(self) -> None:
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._handler.resume_writing()

    def relax(self) -> None:
        """Stop waiting for the first request."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class _Refuse(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
