"""Admissions: one peer id per client, patience with a control plane that stumbles, and nobody counted for nothing."""

import asyncio

import pytest

from chalicelib.contract.errors import ErrorId, ParleyError
from chalicelib.contract.grants import Grants
from chalicelib.contract.ids import AppId, MeetingId, ParticipantId, PeerId, SessionId
from chalicelib.contract.node_messages import Admission, AdmissionAnswer, AdmissionRequest
from media_node.control_plane.admission import SETTLE_TRIES, Admissions

DOWN = ParleyError(ErrorId.CONTROL_PLANE_UNREACHABLE, "down")
REFUSED = ParleyError(ErrorId.MEETING_INACTIVE, "the meeting is closed")


class Desk:
    """Answers by a script, then admits."""

    def __init__(self, *script: ParleyError) -> None:
        self.script = list(script)
        self.asked: list[AdmissionRequest] = []
        self.abandoned: list[Admission] = []
        self.ignores_check_only = False
        self.admissions = Admissions(self.ask, self.new_peer_id, self.abandoned.append, lambda: 0.0, self.sleep)

    def new_peer_id(self) -> PeerId:
        return PeerId(f"peer-{len({request.peer_id for request in self.asked})}")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)

    async def ask(self, request: AdmissionRequest) -> AdmissionAnswer:
        self.asked.append(request)
        if self.script:
            raise self.script.pop(0)
        if request.check_only and not self.ignores_check_only:
            return AdmissionAnswer()
        return AdmissionAnswer(admission=admission_of(request))


def admission_of(request: AdmissionRequest) -> Admission:
    return Admission(
        request.peer_id,
        AppId("a"),
        MeetingId("m"),
        "title",
        SessionId("s"),
        1,
        0,
        ParticipantId("p"),
        "ada",
        Grants(),
    )


async def test_a_stumble_is_repeated_for_the_same_peer() -> None:
    desk = Desk(DOWN)
    answer = await desk.admissions.admit("token")
    assert answer.admission is not None
    assert len(desk.asked) == 2
    assert len({request.peer_id for request in desk.asked}) == 1


async def test_a_refusal_is_final() -> None:
    desk = Desk(REFUSED)
    with pytest.raises(ParleyError):
        await desk.admissions.admit("token")
    assert len(desk.asked) == 1


async def test_a_check_admits_nobody() -> None:
    desk = Desk()
    await desk.admissions.check("token")
    assert [request.check_only for request in desk.asked] == [True]
    assert desk.abandoned == []


async def test_a_check_says_why_a_join_would_be_refused() -> None:
    desk = Desk(REFUSED)
    with pytest.raises(ParleyError) as raised:
        await desk.admissions.check("token")
    assert raised.value is REFUSED


async def test_a_peer_that_may_have_been_counted_without_an_answer_is_found_out_and_reported() -> None:
    desk = Desk(DOWN, DOWN, DOWN)
    with pytest.raises(ParleyError) as raised:
        await desk.admissions.admit("token")
    assert raised.value.error is ErrorId.CONTROL_PLANE_UNREACHABLE
    async with asyncio.timeout(5):
        while not desk.abandoned:
            await asyncio.sleep(0)
    assert [admission.peer_id for admission in desk.abandoned] == ["peer-0"]


async def test_finding_out_ends() -> None:
    desk = Desk(*[DOWN] * 100)
    with pytest.raises(ParleyError):
        await desk.admissions.admit("token")
    async with asyncio.timeout(5):
        while len(desk.asked) < 2 + SETTLE_TRIES:
            await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(desk.asked) == 2 + SETTLE_TRIES
    await desk.admissions.close()


async def test_a_control_plane_too_old_for_checks_is_told_that_nobody_came() -> None:
    desk = Desk()
    desk.ignores_check_only = True
    await desk.admissions.check("token")
    assert [admission.peer_id for admission in desk.abandoned] == ["peer-0"]
