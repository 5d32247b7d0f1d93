"""What one peer may do in a call, in the words a media node enforces.

Derived from a participant's preset, or from the grants of a LiveKit token. A node never sees a preset.
"""

import enum
from dataclasses import dataclass


class Source(enum.StrEnum):
    """Where a published track comes from (LiveKit's TrackSource names in lower case)."""

    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN_SHARE = "screen_share"
    SCREEN_SHARE_AUDIO = "screen_share_audio"


@dataclass(frozen=True, slots=True)
class Grants:
    """Permissions of one peer; everything is denied unless said otherwise."""

    publish_sources: tuple[Source, ...] = ()
    subscribe: bool = False
    publish_data: bool = False
    update_own_metadata: bool = False
    hidden: bool = False
