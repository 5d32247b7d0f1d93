"""VideoSDK's room ids: ``xxxx-xxxx-xxxx``, a room's unique name. Pure."""

import hashlib

from chalicelib.contract.ids import AppId

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ENTROPY_BYTES = 16


def room_id_of(app_id: AppId, custom_room_id: str) -> str:
    """Return the id of the room that a customer gave this id: the same one whenever it is asked for."""
    return new_room_id(hashlib.sha256(f"{app_id}#{custom_room_id}".encode()).digest())


def new_room_id(entropy: bytes) -> str:
    """Return a room id for at least 16 bytes of entropy; it has 62 bits."""
    number = int.from_bytes(entropy, "big")
    letters = []
    for _ in range(12):
        number, digit = divmod(number, len(_DIGITS))
        letters.append(_DIGITS[digit])
    text = "".join(letters)
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"
