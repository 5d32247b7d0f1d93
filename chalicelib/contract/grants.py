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
    recorder: bool = False
    agent: bool = False


def narrowed(grants: Grants, bound: Grants) -> Grants:
    """Return what both grant; who is hidden, a recorder or an agent is so by either."""
    return Grants(
        publish_sources=tuple(source for source in grants.publish_sources if source in bound.publish_sources),
        subscribe=grants.subscribe and bound.subscribe,
        publish_data=grants.publish_data and bound.publish_data,
        update_own_metadata=grants.update_own_metadata and bound.update_own_metadata,
        hidden=grants.hidden or bound.hidden,
        recorder=grants.recorder or bound.recorder,
        agent=grants.agent or bound.agent,
    )
