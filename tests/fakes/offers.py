"""Offers as a client writes them, cut down to what the node reads."""

from dataclasses import dataclass, replace

_CODECS = {"audio": ("111 opus/48000/2",), "video": ("96 VP8/90000", "98 VP9/90000")}


@dataclass(frozen=True)
class Section:
    """One m-section of a test's offer."""

    mid: str
    kind: str
    direction: str = "recvonly"
    track_id: str = ""
    codecs: tuple[str, ...] = ()
    rids: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Its SDP."""
        if self.kind == "application":
            return ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", f"a=mid:{self.mid}"]
        codecs = self.codecs or _CODECS[self.kind]
        numbers = " ".join(codec.split()[0] for codec in codecs)
        lines = [f"m={self.kind} 9 UDP/TLS/RTP/SAVPF {numbers}", f"a=mid:{self.mid}", f"a={self.direction}"]
        lines += ["a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "a=rtcp-mux"]
        lines += [f"a=rtpmap:{codec}" for codec in codecs]
        lines += [f"a=msid:- {self.track_id}"] if self.track_id else []
        lines += [f"a=rid:{rid} send" for rid in self.rids]
        return lines


def sends(mid: str, kind: str, track_id: str, *codecs: str) -> Section:
    """A section that a client publishes on."""
    return Section(mid, kind, "sendonly", track_id, codecs)


def placeholders(audios: int = 3, videos: int = 3) -> list[Section]:
    """What every LiveKit client's first offer holds: a data channel, and sections to receive on."""
    kinds = ["audio"] * audios + ["video"] * videos
    return [Section("0", "application"), *(Section(str(at), kind) for at, kind in enumerate(kinds, start=1))]


def switched_off(section: Section) -> Section:
    """The same section after its track was unpublished."""
    return replace(section, direction="inactive")


def offer_of(*sections: Section, ufrag: str = "abcd") -> str:
    """An offer with these sections."""
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=ice-ufrag:{ufrag}", f"a=ice-pwd:{'p' * 24}"]
    head += ["a=fingerprint:sha-256 " + ":".join(["AB"] * 32), "a=setup:actpass"]
    return "\r\n".join([*head, *(line for section in sections for line in section.lines())]) + "\r\n"
