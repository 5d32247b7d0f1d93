"""Reads a client's SDP offer (RFC 8866, RFC 8829) into what the node negotiates. Pure; the text is hostile input.

Only what the node supports comes out: its codecs, its header extensions, within its limits. What a client writes
beyond that is left out here, so that the answer and the forwarding never see it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from media_node.rtp.parameters import (
    AUDIO_LEVEL_EXTENSION,
    MID_EXTENSION,
    REPAIRED_RID_EXTENSION,
    RID_EXTENSION,
    VIDEO_ORIENTATION_EXTENSION,
    Codec,
    OfferedSection,
)

MAX_SDP_CHARS = 200_000
MAX_SECTIONS = 256
MAX_LINES_PER_SECTION = 500
MAX_RIDS = 4
MAX_TOKEN_CHARS = 256

_DIRECTIONS = {"sendrecv", "sendonly", "recvonly", "inactive"}
_CODECS = {"audio": {"opus"}, "video": {"vp8", "h264", "vp9", "av1", "h265"}}
_EXTENSIONS = {
    MID_EXTENSION,
    RID_EXTENSION,
    REPAIRED_RID_EXTENSION,
    AUDIO_LEVEL_EXTENSION,
    VIDEO_ORIENTATION_EXTENSION,
}
Attributes = list[tuple[str, str]]


class SdpError(ValueError):
    """An offer that can't be answered; the text says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A client's offer. `fingerprints` are (algorithm, value) pairs; all of it is one BUNDLE (RFC 8843)."""

    sections: tuple[OfferedSection, ...]
    ice_ufrag: str
    ice_pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    extmap_allow_mixed: bool = False

    def section(self, mid: str) -> OfferedSection | None:
        """Return the section with this mid."""
        return next((section for section in self.sections if section.mid == mid), None)


def parse_offer(text: str) -> Offer:
    """Parse an offer. Raises SdpError for anything that can't be negotiated."""
    if len(text) > MAX_SDP_CHARS:
        raise SdpError("the offer is too long")
    session, sections = _split(text)
    if not sections:
        raise SdpError("the offer has no m-section")
    parsed = tuple(_section(lines) for lines in sections)
    if len({section.mid for section in parsed}) != len(parsed):
        raise SdpError("two m-sections have one mid")
    # Credentials stand in every section of a bundle or once for the session (RFC 8839 section 5.4); the first wins.
    everything = [*session, *(pair for lines in sections for pair in lines)]
    fingerprints = _fingerprints(everything)
    ufrag, password = _first(everything, "ice-ufrag"), _first(everything, "ice-pwd")
    if not 4 <= len(ufrag) <= MAX_TOKEN_CHARS or not 22 <= len(password) <= MAX_TOKEN_CHARS or not fingerprints:
        raise SdpError("the offer has no ICE credentials or no fingerprint")
    setup = _first(everything, "setup") or "actpass"
    if setup not in ("actpass", "active", "passive"):
        raise SdpError("the offer's setup attribute is not known")
    return Offer(parsed, ufrag, password, fingerprints, setup, ("extmap-allow-mixed", "") in everything)


def _split(text: str) -> tuple[Attributes, list[Attributes]]:
    """Return the attributes of the session, and of each section after an entry ("m", value)."""
    session: Attributes = []
    sections: list[Attributes] = []
    for line in text.splitlines():
        if line.startswith("m="):
            if len(sections) >= MAX_SECTIONS:
                raise SdpError("the offer has too many m-sections")
            sections.append([("m", line[2:])])
        elif line.startswith("a="):
            name, _, value = line[2:].partition(":")
            target = sections[-1] if sections else session
            if len(target) >= MAX_LINES_PER_SECTION:
                raise SdpError("an m-section of the offer has too many lines")
            target.append((name, value.strip()))
    return session, sections


def _section(lines: Attributes) -> OfferedSection:
    kind, _, rest = lines[0][1].partition(" ")
    if kind not in ("audio", "video", "application"):
        raise SdpError("an m-section is neither audio, video nor application")
    mid = _token(_first(lines, "mid"), 32)
    if not mid:
        raise SdpError("an m-section has no usable mid")
    direction = next((name for name, value in lines if name in _DIRECTIONS and not value), "sendrecv")
    if kind == "application":
        return OfferedSection(mid, kind, direction)
    msid = _first(lines, "msid").split()
    return OfferedSection(
        mid=mid,
        kind=kind,
        direction=direction,
        track_id=msid[1][:MAX_TOKEN_CHARS] if len(msid) > 1 else None,
        codecs=tuple(_codecs(kind, rest.split()[2:], lines)),
        extensions=dict(_extensions(lines)),
        rids=tuple(_rids(lines)),
        ssrcs=tuple(_ssrcs(lines)),
    )


def _codecs(kind: str, formats: list[str], lines: Attributes) -> Iterator[Codec]:
    """Yield the supported codecs in the client's order of preference (the m-line's)."""
    maps = dict(value.partition(" ")[::2] for name, value in lines if name == "rtpmap")
    parameters = dict(value.partition(" ")[::2] for name, value in lines if name == "fmtp")
    for text in formats:
        name, _, rest = maps.get(text, "").partition("/")
        rate, _, channels = rest.partition("/")
        if name.lower() in _CODECS[kind] and _number(text, 127) is not None and _number(rate, 1_000_000):
            yield Codec(int(text), name, int(rate), _number(channels, 8) or 1, parameters.get(text, "")[:1024])


def _extensions(lines: Attributes) -> Iterator[tuple[str, int]]:
    for name, value in lines:
        if name == "extmap":
            head, _, uri = value.partition(" ")
            number = _number(head.partition("/")[0], 14)  # the one-byte form ends at 14 (RFC 8285 section 4.2)
            if uri in _EXTENSIONS and number:
                yield uri, number


def _rids(lines: Attributes) -> Iterator[str]:
    found = 0
    for name, value in lines:
        rid, _, direction = value.partition(" ")
        if name == "rid" and direction.startswith("send") and _token(rid, 16) and found < MAX_RIDS:
            found += 1
            yield rid


def _ssrcs(lines: Attributes) -> Iterator[int]:
    """Yield the SSRCs of `a=ssrc` lines in order; the first is the media, a second one would be RTX."""
    seen: set[int] = set()
    for name, value in lines:
        number = _number(value.partition(" ")[0], 0xFFFFFFFF) if name == "ssrc" else None
        if number and number not in seen and len(seen) < 8:
            seen.add(number)
            yield number


def _fingerprints(lines: Attributes) -> tuple[tuple[str, str], ...]:
    pairs = (value.partition(" ") for name, value in lines if name == "fingerprint")
    return tuple(dict.fromkeys((algorithm.lower(), value) for algorithm, _, value in pairs if len(value) <= 200))[:4]


def _first(lines: Attributes, wanted: str) -> str:
    return next((value for name, value in lines if name == wanted), "")


def _token(value: str, longest: int) -> str:
    """Return `value` if it is a short token of letters, digits, ``-`` and ``_``, else nothing."""
    return value if 0 < len(value) <= longest and value.replace("-", "").replace("_", "").isalnum() else ""


def _number(text: str, largest: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= largest else None
