"""One request to a node within one deadline, whatever the node does with it."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from chalicelib.services.live_control_ports import NodeReply, NodeSilent
from chalicelib.stores import node_http
from chalicelib.stores.node_http import HttpNodePost

Behaviour = Callable[[socket.socket], None]


@contextlib.contextmanager
def node(behaviour: Behaviour) -> Iterator[str]:
    """A node that reads a request and then behaves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    behaviour(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/commands"
    thread.join(timeout=10)


def answering(*pieces: bytes, pause_s: float = 0.0) -> Behaviour:
    def answer(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)

    return answer


def test_an_answer_is_given_back_whatever_its_status() -> None:
    with node(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}")) as url:
        assert HttpNodePost().post(url, b"token", 2.0) == NodeReply(404, b"{}")


def test_an_answer_may_come_in_pieces_and_end_with_the_connection() -> None:
    with node(answering(b"HTTP/1.1 200 OK\r\n\r\n{", b"}", pause_s=0.1)) as url:
        assert HttpNodePost().post(url, b"token", 2.0) == NodeReply(200, b"{}")


def test_a_redirect_is_not_followed() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with node(answering(redirect)) as url:
        assert HttpNodePost().post(url, b"token", 2.0).status == 302


@pytest.mark.parametrize(
    "behaviour",
    [
        lambda connection: time.sleep(1.5),
        answering(*[b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 14], pause_s=0.1),
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
        answering(b"not HTTP at all\r\n\r\n"),
        answering(),
    ],
    ids=["silence", "drops", "too short", "no HTTP", "hangs up"],
)
def test_what_is_no_whole_answer_in_time_is_silence(behaviour: Behaviour) -> None:
    with node(behaviour) as url:
        began = time.monotonic()
        with pytest.raises(NodeSilent):
            HttpNodePost().post(url, b"token", 0.5)
        assert time.monotonic() - began < 1.2


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_http, "MAX_REPLY_BYTES", 1000)
    with node(answering(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000)) as url, pytest.raises(NodeSilent):
        HttpNodePost().post(url, b"token", 2.0)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/commands", "http://", "http://127.0.0.1:x/", "http://nd_x.invalid/"]
)
def test_where_nobody_is_there_is_silence(url: str) -> None:
    with pytest.raises(NodeSilent):
        HttpNodePost().post(url, b"token", 2.0)
