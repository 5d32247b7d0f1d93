"""Everything one peer is sent: its down tracks, and the RTCP it answers them with."""

from collections.abc import Callable

from media_node.rtp import rtcp
from media_node.rtp.down_track import DownTrack
from media_node.rtp.parameters import OfferedSection
from media_node.rtp.up_track import UpTrack


class Downlink:
    """Serves one subscriber. `send_rtp` and `send_rtcp` take plain packets and must not block."""

    def __init__(self, send_rtp: Callable[[bytes], None], send_rtcp: Callable[[bytes], None]) -> None:
        self._send_rtp = send_rtp
        self._send_rtcp = send_rtcp
        self._tracks: dict[str, DownTrack] = {}
        self._by_ssrc: dict[int, DownTrack] = {}

    def add_track(self, up: UpTrack, section: OfferedSection, ssrc: int, now: float) -> DownTrack:
        """Send `up` to this peer in its m-section `section` under `ssrc`; video starts with a key frame.

        The result's `codecs` go into the answer; they are empty when the two clients have none in common.
        """
        assert up.sid not in self._tracks
        down = DownTrack(up, section, ssrc, self._send_rtp, self._send_rtcp)
        self._tracks[up.sid] = self._by_ssrc[ssrc] = down
        up.downs.append(down)
        down.retarget(now)
        if down.target is not None:
            up.request_keyframe(down.target, now)
        return down

    def remove_track(self, sid: str) -> None:
        """Stop sending a track; one that is not sent is ignored."""
        down = self._tracks.pop(sid, None)
        if down is not None:
            del self._by_ssrc[down.ssrc]
            down.up.downs.remove(down)

    def track(self, sid: str) -> DownTrack | None:
        """Return the down track of a published track, if it is sent to this peer."""
        return self._tracks.get(sid)

    def handle_rtcp(self, packet: bytes, now: float) -> None:
        """Act on the subscriber's PLI and FIR in a compound packet."""
        for part in rtcp.parse(packet):
            if isinstance(part, rtcp.KeyframeRequest):
                down = self._by_ssrc.get(part.media_ssrc)
                if down is not None:
                    down.on_keyframe_request(now)
