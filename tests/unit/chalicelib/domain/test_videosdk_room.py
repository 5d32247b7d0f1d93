"""VideoSDK's room ids."""

import re

from chalicelib.contract.ids import AppId
from chalicelib.domain.videosdk_room import ENTROPY_BYTES, new_room_id, room_id_of

APP = AppId("0191b3a0-0000-7000-8000-000000000001")


def test_ids_look_like_videosdks() -> None:
    for entropy in (bytes(ENTROPY_BYTES), b"\xff" * ENTROPY_BYTES, bytes(range(ENTROPY_BYTES))):
        assert re.fullmatch(r"[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}", new_room_id(entropy))


def test_a_custom_id_stands_for_one_room_of_its_app() -> None:
    assert room_id_of(APP, "class-7b") == room_id_of(APP, "class-7b")
    assert len({room_id_of(APP, f"class-{number}") for number in range(1000)}) == 1000
    assert room_id_of(AppId("another"), "class-7b") != room_id_of(APP, "class-7b")
