"""The calls of RealtimeKit's tree: what each is for and what it answers. Bodies and queries are the routes' own models.

A new route gets a line here; a test says which are missing.
"""

from dataclasses import dataclass
from typing import Any

from chalicelib.api.openapi import live_models as live
from chalicelib.api.openapi import models as m
from chalicelib.api.openapi import output_models as out


@dataclass(frozen=True, slots=True)
class Call:
    """`data` is the answer's data: a model, a list of one ([Model]), an object ({"key": ...}), or None for any.

    `extension`: RealtimeKit has no such call. `never`: there is no answer but an error yet.
    """

    tag: str
    summary: str
    data: Any = None
    status: int = 200
    paged: bool = False
    extension: bool = False
    never: bool = False


_APPS, _KEYS, _MEETINGS, _PEOPLE, _PRESETS = "Apps", "API keys", "Meetings", "Participants", "Presets"
_LIVE, _SESSIONS, _HOOKS, _RECORDINGS = "Active session", "Sessions", "Webhooks", "Recordings"
_STREAMS, _USE, _AUDIT, _POLLS = "Livestreams", "Analytics", "Audit log", "Polls"
_MEETING = "/{app_id}/meetings/{meeting_id}"
_ACTIVE = _MEETING + "/active-session"
_WAITING, _ON_STAGE, _BREAKOUTS = "Waiting room", "Stage", "Connected meetings"
_STAGE = _ACTIVE + "/stage"
_ROOM = _ACTIVE + "/waiting-room"
_CONNECTED = _MEETING + "/connected-meetings"
_PERSON = _MEETING + "/participants/{participant_id}"
_SESSION = "/{app_id}/sessions/{session_id}"
_STREAM = "/{app_id}/livestreams/{livestream_id}"

CALLS: dict[tuple[str, str], Call] = {
    ("GET", "/apps"): Call(_APPS, "List apps", [m.App], paged=True),
    ("POST", "/apps"): Call(_APPS, "Make an app, with its first API key pair", m.NewApp),
    ("GET", "/apps/{app_id}"): Call(_APPS, "Read an app and its settings", m.WholeApp, extension=True),
    ("PATCH", "/apps/{app_id}"): Call(_APPS, "Change an app's name or settings", m.WholeApp, extension=True),
    ("DELETE", "/apps/{app_id}"): Call(_APPS, "Remove an app that has no meetings", m.App, extension=True),
    ("GET", "/{app_id}/api-keys"): Call(_KEYS, "List API key pairs, without their secrets", [m.ApiKey], extension=True),
    ("POST", "/{app_id}/api-keys"): Call(_KEYS, "Make an API key pair", m.NewApiKey, 201, extension=True),
    ("POST", "/{app_id}/api-keys/{api_key}/rotate"): Call(
        _KEYS, "Replace an API key pair, with an overlap", m.RotatedApiKey, 201, extension=True
    ),
    ("DELETE", "/{app_id}/api-keys/{api_key}"): Call(_KEYS, "Revoke an API key pair", m.ApiKey, extension=True),
    ("GET", "/audit-log"): Call(_AUDIT, "Read what was done with the account's apps", m.AuditPage, extension=True),
    ("GET", "/{app_id}/audit-log"): Call(_AUDIT, "Read what was done in an app", m.AuditPage, extension=True),
    ("GET", "/{app_id}/meetings"): Call(_MEETINGS, "List and search meetings", [m.ListedMeeting], paged=True),
    ("POST", "/{app_id}/meetings"): Call(_MEETINGS, "Make a meeting", m.Meeting, 201),
    ("GET", _MEETING): Call(_MEETINGS, "Read a meeting", m.Meeting),
    ("PATCH", _MEETING): Call(_MEETINGS, "Change some of a meeting", m.Meeting),
    ("PUT", _MEETING): Call(_MEETINGS, "Replace what a meeting is set to", m.Meeting),
    ("DELETE", _MEETING): Call(_MEETINGS, "Remove a meeting with its participants", m.Meeting, extension=True),
    ("GET", _MEETING + "/validate"): Call(
        _MEETINGS, "Tell whether a meeting exists, is active, is full", m.MeetingCheck, extension=True
    ),
    ("GET", _MEETING + "/participants"): Call(_PEOPLE, "List a meeting's participants", [m.Participant], paged=True),
    ("POST", _MEETING + "/participants"): Call(
        _PEOPLE, "Add a participant and get its token", m.ParticipantWithToken, 201
    ),
    ("GET", _PERSON): Call(_PEOPLE, "Read a participant", m.Participant),
    ("PATCH", _PERSON): Call(_PEOPLE, "Change a participant and get a fresh token", m.ParticipantWithToken),
    ("DELETE", _PERSON): Call(_PEOPLE, "Remove a participant", m.DeletedParticipant),
    ("POST", _PERSON + "/token"): Call(_PEOPLE, "Get a fresh token", m.Token),
    ("GET", "/{app_id}/presets"): Call(_PRESETS, "List presets", [m.ListedPreset], paged=True),
    ("POST", "/{app_id}/presets"): Call(_PRESETS, "Make a preset", m.Preset),
    ("GET", "/{app_id}/presets/{preset_id}"): Call(_PRESETS, "Read a preset", m.Preset),
    ("PATCH", "/{app_id}/presets/{preset_id}"): Call(_PRESETS, "Change some of a preset, at any depth", m.Preset),
    ("PUT", "/{app_id}/presets/{preset_id}"): Call(_PRESETS, "Replace a preset", m.Preset),
    ("DELETE", "/{app_id}/presets/{preset_id}"): Call(_PRESETS, "Remove a preset that nobody has", m.Preset),
    ("GET", _ACTIVE): Call(_LIVE, "Read the session that is live", m.Session),
    ("PATCH", _ACTIVE): Call(_LIVE, "Set the metadata of the live room", m.DescribedSession, extension=True),
    ("POST", _ACTIVE + "/kick"): Call(_LIVE, "Send participants away", live.Acted),
    ("POST", _ACTIVE + "/kick-all"): Call(_LIVE, "Send everybody away and end the session", live.KickedAll),
    ("POST", _ACTIVE + "/mute"): Call(_LIVE, "Mute participants", live.Acted, extension=True),
    ("POST", _ACTIVE + "/mute-all"): Call(_LIVE, "Mute everybody", live.MutedAll, extension=True),
    ("POST", _ACTIVE + "/stop-video"): Call(_LIVE, "Stop participants' cameras", live.Acted, extension=True),
    ("POST", _ACTIVE + "/move"): Call(_LIVE, "Move participants to another meeting", live.Acted, extension=True),
    ("POST", _ACTIVE + "/data"): Call(_LIVE, "Send data to participants", live.SentData, extension=True),
    ("POST", _ACTIVE + "/poll"): Call(_POLLS, "Make a poll", live.PollAction, 201),
    ("GET", _ACTIVE + "/polls"): Call(_POLLS, "List the polls of the call", live.Polls, extension=True),
    ("POST", _ACTIVE + "/polls/{poll_id}/votes"): Call(
        _POLLS, "Vote for a participant", live.PollAction, extension=True
    ),
    ("GET", _SESSION + "/polls"): Call(_POLLS, "List the polls of a session", live.Polls, extension=True),
    ("GET", _ACTIVE + "/participants"): Call(_LIVE, "List who is in the call", live.LiveCall, extension=True),
    ("PATCH", _ACTIVE + "/participants/{participant_id}"): Call(
        _LIVE, "Change the name, metadata or attributes of a live participant", live.LiveParticipant, extension=True
    ),
    ("PATCH", _ACTIVE + "/participants/{participant_id}/permissions"): Call(
        _LIVE, "Change what a live participant may do", live.LiveParticipant, extension=True
    ),
    ("GET", _ROOM): Call(_WAITING, "List who waits", {"participants": [live.Waiting]}, extension=True),
    ("POST", _ROOM + "/admit"): Call(_WAITING, "Let people in", live.Decided, extension=True),
    ("POST", _ROOM + "/reject"): Call(_WAITING, "Send people away", live.Decided, extension=True),
    ("GET", _STAGE + "/requests"): Call(
        _ON_STAGE, "List who asks to come on stage", {"requests": [live.StageRequest]}, extension=True
    ),
    ("POST", _STAGE + "/requests"): Call(_ON_STAGE, "Ask to come on stage", live.StageRequest, 201, extension=True),
    ("POST", _STAGE + "/grant"): Call(_ON_STAGE, "Let somebody come on stage", live.OnStage, extension=True),
    ("POST", _STAGE + "/deny"): Call(_ON_STAGE, "Keep somebody off the stage", live.Denied, extension=True),
    ("POST", _STAGE + "/join"): Call(_ON_STAGE, "Come on stage", live.OnStage, extension=True),
    ("POST", _STAGE + "/leave"): Call(_ON_STAGE, "Leave the stage", live.OnStage, extension=True),
    ("POST", _STAGE + "/kick"): Call(_ON_STAGE, "Take somebody off the stage", live.OnStage, extension=True),
    ("POST", _CONNECTED): Call(
        _BREAKOUTS, "Make meetings connected to this one", {"meetings": [live.ConnectedMeeting]}, 201, extension=True
    ),
    ("GET", _CONNECTED): Call(
        _BREAKOUTS, "List the meetings connected to this one", {"meetings": [live.ConnectedMeeting]}, extension=True
    ),
    ("DELETE", _CONNECTED + "/{connected_meeting_id}"): Call(
        _BREAKOUTS, "Close a connected meeting and bring its participants back", live.ClosedMeeting, extension=True
    ),
    ("GET", "/{app_id}/sessions"): Call(_SESSIONS, "List sessions", {"sessions": [m.Session]}, paged=True),
    ("GET", _SESSION): Call(_SESSIONS, "Read a session", m.Session),
    ("GET", _SESSION + "/participants"): Call(
        _SESSIONS, "List who was in a session", {"participants": [m.Attendee]}, paged=True
    ),
    ("GET", _SESSION + "/participants/{participant_id}"): Call(
        _SESSIONS, "Read one who was in a session", {"participant": m.Attendee}
    ),
    ("GET", "/{app_id}/sessions/peer-report/{peer_id}"): Call(
        _SESSIONS, "Read the report of a peer", {"participant": m.ReportedPeer}
    ),
    ("GET", _SESSION + "/chat"): Call(_SESSIONS, "Get a session's chat", never=True),
    ("GET", _SESSION + "/transcript"): Call(_SESSIONS, "Get a session's transcript", never=True),
    ("GET", _SESSION + "/summary"): Call(_SESSIONS, "Get a session's summary", never=True),
    ("POST", _SESSION + "/summary"): Call(_SESSIONS, "Make a session's summary", never=True),
    ("GET", _SESSION + "/livestream-sessions"): Call(_STREAMS, "List the livestreams of a session", [], paged=True),
    ("GET", "/{app_id}/webhooks"): Call(_HOOKS, "List webhooks", [out.Webhook]),
    ("POST", "/{app_id}/webhooks"): Call(_HOOKS, "Make a webhook", out.Webhook, 201),
    ("GET", "/{app_id}/webhooks/all"): Call(_HOOKS, "List the events there are", [out.WebhookEvent]),
    ("GET", "/{app_id}/webhooks/{webhook_id}"): Call(_HOOKS, "Read a webhook", out.Webhook),
    ("PATCH", "/{app_id}/webhooks/{webhook_id}"): Call(_HOOKS, "Change some of a webhook", out.Webhook),
    ("PUT", "/{app_id}/webhooks/{webhook_id}"): Call(_HOOKS, "Replace a webhook", out.Webhook),
    ("DELETE", "/{app_id}/webhooks/{webhook_id}"): Call(_HOOKS, "Remove a webhook", out.Webhook),
    ("GET", "/{app_id}/recordings"): Call(_RECORDINGS, "List recordings", [out.Recording], paged=True),
    ("POST", "/{app_id}/recordings"): Call(_RECORDINGS, "Start a recording", never=True),
    ("POST", "/{app_id}/recordings/track"): Call(_RECORDINGS, "Start recording tracks", never=True),
    ("GET", "/{app_id}/recordings/active-recording/{meeting_id}"): Call(
        _RECORDINGS, "Read a meeting's recording that runs", out.Recording
    ),
    ("GET", "/{app_id}/recordings/{recording_id}"): Call(_RECORDINGS, "Read a recording", out.Recording),
    ("PUT", "/{app_id}/recordings/{recording_id}"): Call(_RECORDINGS, "Pause, resume or stop a recording", never=True),
    ("GET", "/{app_id}/livestreams"): Call(_STREAMS, "List livestreams", out.LivestreamPage),
    ("POST", "/{app_id}/livestreams"): Call(_STREAMS, "Make a livestream of its own", out.Livestream, 201),
    ("GET", _STREAM): Call(_STREAMS, "Read a livestream", out.LivestreamDetails),
    ("POST", _STREAM + "/reset-stream-key"): Call(_STREAMS, "Give a livestream a new key", out.Livestream),
    ("POST", _STREAM + "/enable"): Call(_STREAMS, "Open a livestream", out.Livestream),
    ("POST", _STREAM + "/disable"): Call(_STREAMS, "Close a livestream", out.Livestream),
    ("GET", _STREAM + "/active-livestream-session"): Call(_STREAMS, "Read what a livestream sends", never=True),
    ("GET", "/{app_id}/livestreams/sessions/{livestream_session_id}"): Call(
        _STREAMS, "Read a session of a livestream", never=True
    ),
    ("GET", _MEETING + "/livestream"): Call(_STREAMS, "List the livestreams of a meeting", [], paged=True),
    ("GET", _MEETING + "/active-livestream"): Call(_STREAMS, "Read a meeting's livestream", never=True),
    ("POST", _MEETING + "/active-livestream/stop"): Call(_STREAMS, "Stop a meeting's livestream", never=True),
    ("POST", _MEETING + "/livestreams"): Call(_STREAMS, "Start a meeting's livestream", never=True),
    ("GET", "/{app_id}/analytics/daywise"): Call(_USE, "Sessions and recordings by day", out.Analytics),
    ("GET", "/{app_id}/analytics/livestreams/overall"): Call(_USE, "Use of livestreams", out.LivestreamUse),
    ("GET", "/{app_id}/analytics/livestreams/daywise"): Call(
        _USE, "Use of livestreams by day", [out.DailyLivestreamUse]
    ),
    ("GET", "/{app_id}/usage"): Call(_USE, "Use of an app by day", out.Usage, extension=True),
}
