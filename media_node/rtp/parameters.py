"""What a client negotiated for one m-section, as far as forwarding needs it. signalling/sdp_offer.py parses it."""

from dataclasses import dataclass, field

MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL_EXTENSION = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
VIDEO_ORIENTATION_EXTENSION = "urn:3gpp:video-orientation"

# Extensions a subscriber gets; every other one is only between a client and its node.
FORWARDED_EXTENSIONS = (AUDIO_LEVEL_EXTENSION, VIDEO_ORIENTATION_EXTENSION)


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of an m-section (RFC 8866 section 6.6). `name` as in SDP, e.g. ``VP8``; `fmtp` may be empty."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int = 1
    fmtp: str = ""

    def matches(self, other: "Codec") -> bool:
        """Tell whether packets of `other` decode as this codec: same name, clock, channels and key parameters."""
        return self._identity() == other._identity()

    def _identity(self) -> tuple[str, int, int, str, str]:
        # RFC 6184 section 8.2.2 and RFC 9628: profile and packetization mode must be the same on both sides. Of an H264
        # profile-level-id the level (last byte) may differ.
        pairs = dict(part.strip().partition("=")[::2] for part in self.fmtp.split(";") if part)
        profile = pairs.get("profile-level-id", "")[:4] or pairs.get("profile-id", "0")
        mode = pairs.get("packetization-mode", "0")
        return self.name.lower(), self.clock_rate, self.channels, profile.lower(), mode


@dataclass(frozen=True, slots=True)
class OfferedSection:
    """One m-section of a client's offer. `track_id` is msid's second word; `rids` are in the offer's order."""

    mid: str
    kind: str
    direction: str
    track_id: str | None = None
    codecs: tuple[Codec, ...] = ()
    extensions: dict[str, int] = field(default_factory=dict)
    rids: tuple[str, ...] = ()
    ssrcs: tuple[int, ...] = ()

    def codec_of(self, payload_type: int) -> Codec | None:
        """Return the codec with this payload type, if it was negotiated."""
        return next((codec for codec in self.codecs if codec.payload_type == payload_type), None)

    def codec_like(self, codec: Codec) -> Codec | None:
        """Return this section's own codec for packets of `codec`, if it has one."""
        return next((own for own in self.codecs if own.matches(codec)), None)
