"""Participants for tests: made through the official `cloudflare` SDK, joined with the official `livekit` SDK."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from cloudflare import Cloudflare
from livekit import rtc


@dataclass(frozen=True)
class Backend:
    """A backend developer's side of a running Parley: the strict official client, from nothing but the environment."""

    env: Mapping[str, str]
    client: Cloudflare

    @property
    def ids(self) -> dict[str, str]:
        """Arguments that name the tenant in every call."""
        return {"account_id": self.env["PARLEY_ACCOUNT_ID"]}

    @property
    def app_id(self) -> str:
        """The app of the development environment."""
        return self.env["PARLEY_APP_ID"]

    def meeting(self, title: str = "test", keep_alive: float | None = None) -> str:
        """Create a meeting and return its id."""
        extra = {} if keep_alive is None else {"session_keep_alive_time_in_secs": keep_alive}
        made = self.client.realtime_kit.meetings.create(self.app_id, **self.ids, title=title, **extra)
        assert made.data is not None
        return made.data.id

    def token(self, meeting: str, identity: str, preset: str = "group_call_host") -> str:
        """Add a participant and return its token."""
        added = self.client.realtime_kit.meetings.add_participant(
            meeting,
            **self.ids,
            app_id=self.app_id,
            custom_participant_id=identity,
            preset_name=preset,
            name=identity.title(),
        )
        assert added.data is not None
        return added.data.token


def backend_of(env: Mapping[str, str]) -> Backend:
    """Return the backend of the Parley that `env` (the lines of dev.env) belongs to."""
    client = Cloudflare(
        base_url=env["CLOUDFLARE_BASE_URL"],
        api_token=env["CLOUDFLARE_API_TOKEN"],
        max_retries=0,
        _strict_response_validation=True,
    )
    return Backend(env, client)


@contextlib.asynccontextmanager
async def joined(
    backend: Backend, meeting: str, identity: str, preset: str = "group_call_host"
) -> AsyncIterator[rtc.Room]:
    """Be in the meeting as `identity` while the block runs."""
    room = rtc.Room()
    await room.connect(backend.env["LIVEKIT_URL"], backend.token(meeting, identity, preset))
    try:
        yield room
    finally:
        await room.disconnect()


def remote_track(room: rtc.Room, identity: str, kind: "rtc.TrackKind.ValueType") -> rtc.Track | None:
    """Return the subscribed track of this kind of a remote participant, if it is there."""
    participant = room.remote_participants.get(identity)
    if participant is None:
        return None
    tracks = (publication.track for publication in participant.track_publications.values())
    return next((track for track in tracks if track is not None and track.kind == kind), None)
