"""What was changed by command holds through the grace of a session; what was ended stays so."""

import pytest

from chalicelib.contract.node_commands import GrantsPatch
from media_node import session_memory
from media_node.room.room import Room
from media_node.session_memory import KEPT_S, SessionMemory
from tests.fakes.calls import new_room


class Later:
    def __init__(self) -> None:
        self.now = 0.0
        self.memory = SessionMemory(lambda: self.now)

    def comes_back(self) -> Room:
        room = new_room()
        self.memory.wake(room)
        return room


def changed_room() -> Room:
    room = new_room()
    room.patches = {"ada": GrantsPatch(hidden=True)}
    room.metadata = "release"
    return room


def test_a_room_that_comes_back_has_what_it_had() -> None:
    later = Later()
    later.memory.rest(changed_room())
    later.now = 599
    later.memory.tidy()
    room = later.comes_back()
    assert (room.patches, room.metadata) == ({"ada": GrantsPatch(hidden=True)}, "release")
    assert later.comes_back().patches == {}


def test_it_is_forgotten_when_the_session_must_be_over() -> None:
    later = Later()
    later.memory.rest(changed_room())
    later.memory.end(new_room().facts.session_id, 3)
    later.now = KEPT_S
    later.memory.tidy()
    assert later.comes_back().metadata is None
    assert not later.memory.has_ended(new_room().facts.session_id, 3)


def test_an_ended_session_has_ended_at_its_epoch() -> None:
    later = Later()
    facts = new_room().facts
    later.memory.rest(changed_room())
    later.memory.end(facts.session_id, facts.epoch)
    assert later.memory.has_ended(facts.session_id, facts.epoch)
    assert not later.memory.has_ended(facts.session_id, facts.epoch + 1)
    assert later.comes_back().metadata is None


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_memory, "MAX_KEPT", 2)
    later = Later()
    session_id = new_room().facts.session_id
    for epoch in (1, 2, 3):
        later.memory.end(session_id, epoch)
    assert [later.memory.has_ended(session_id, epoch) for epoch in (1, 2, 3)] == [False, True, True]
