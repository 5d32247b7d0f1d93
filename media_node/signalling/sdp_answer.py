"""Writes the node's SDP answer to a client's offer (RFC 8829 section 5.3): ICE-lite, one bundle. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from media_node.rtp.parameters import Codec, OfferedSection
from media_node.signalling.sdp_offer import Offer

MAX_MESSAGE_SIZE = 65_535  # SCTP user message; LiveKit's clients send up to 64,000 bytes
SCTP_PORT = 5000
_VIDEO_FEEDBACK = ("goog-remb", "ccm fir", "nack pli")


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """The node's side of the peer's transport; `candidates` are whole values of `a=candidate`."""

    ufrag: str
    pwd: str
    fingerprint: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receive:
    """The client publishes on this section."""


@dataclass(frozen=True, slots=True)
class Send:
    """A remote track goes to the client on this section: msid is ``stream_id track_id``."""

    stream_id: str
    track_id: str
    ssrc: int
    cname: str
    codecs: tuple[Codec, ...]


Placement = Receive | Send


def write_answer(
    offer: Offer, local: LocalTransport, placements: Mapping[str, Placement], session_id: int, version: int
) -> str:
    """Return the answer; sections without a placement are inactive. `version` grows with every answer of a session."""
    rejected = {section.mid for section in offer.sections if section.kind != "application" and not section.codecs}
    bundled = [section.mid for section in offer.sections if section.mid not in rejected]
    lines = [
        "v=0",
        f"o=- {session_id} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE " + " ".join(bundled),
        *(["a=extmap-allow-mixed"] if offer.extmap_allow_mixed else []),
        "a=msid-semantic: WMS *",
        "a=ice-lite",
    ]
    for section in offer.sections:
        if section.mid in rejected:
            lines += [
                f"m={section.kind} 0 UDP/TLS/RTP/SAVPF 0",
                "c=IN IP4 0.0.0.0",
                f"a=mid:{section.mid}",
                "a=inactive",
            ]
            continue
        lines += _section(offer, section, placements.get(section.mid))
        lines += _transport(offer, local)
    return "\r\n".join(lines) + "\r\n"


def _transport(offer: Offer, local: LocalTransport) -> Iterator[str]:
    yield f"a=ice-ufrag:{local.ufrag}"
    yield f"a=ice-pwd:{local.pwd}"
    yield f"a=fingerprint:sha-256 {local.fingerprint}"
    yield "a=setup:" + ("active" if offer.setup == "passive" else "passive")
    yield from (f"a=candidate:{candidate}" for candidate in local.candidates)
    yield "a=end-of-candidates"


def _section(offer: Offer, section: OfferedSection, placement: Placement | None) -> Iterator[str]:
    if section.kind == "application":
        yield "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"
        yield "c=IN IP4 0.0.0.0"
        yield f"a=mid:{section.mid}"
        yield f"a=sctp-port:{SCTP_PORT}"
        yield f"a=max-message-size:{MAX_MESSAGE_SIZE}"
        return
    codecs = placement.codecs if isinstance(placement, Send) else section.codecs
    yield f"m={section.kind} 9 UDP/TLS/RTP/SAVPF " + " ".join(str(codec.payload_type) for codec in codecs)
    yield "c=IN IP4 0.0.0.0"
    yield f"a=mid:{section.mid}"
    # Extensions are answered in every section, unused ones too: libwebrtc refuses its next simulcast offer otherwise.
    yield from (f"a=extmap:{number} {uri}" for uri, number in section.extensions.items())
    yield {Receive: "a=recvonly", Send: "a=sendonly"}.get(type(placement), "a=inactive")
    yield "a=rtcp-mux"
    yield "a=rtcp-rsize"
    for codec in codecs:
        yield from _codec(section.kind, codec)
    if isinstance(placement, Receive) and section.rids:
        yield from (f"a=rid:{rid} recv" for rid in section.rids)
        yield "a=simulcast:recv " + ";".join(section.rids)
    if isinstance(placement, Send):
        yield f"a=msid:{placement.stream_id} {placement.track_id}"
        yield f"a=ssrc:{placement.ssrc} cname:{placement.cname}"
        yield f"a=ssrc:{placement.ssrc} msid:{placement.stream_id} {placement.track_id}"


def _codec(kind: str, codec: Codec) -> Iterator[str]:
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    yield f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}"
    if codec.fmtp:
        yield f"a=fmtp:{codec.payload_type} {codec.fmtp}"
    if kind == "video":
        yield from (f"a=rtcp-fb:{codec.payload_type} {feedback}" for feedback in _VIDEO_FEEDBACK)
