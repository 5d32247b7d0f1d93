"""Which m-section of one client carries what. Pure: offers in, a plan for the answer out.

Single peer connection: the client always offers. It publishes on sections it sends on, and gets the tracks of others
on sections it only receives on. A section whose track went away is answered `inactive` once before it carries another
track: a receiver announces a new track only where there was none (RFC 8829 section 5.10).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chalicelib.contract.ids import PeerId, TrackSid
from media_node.room.members import Track
from media_node.rtp.parameters import OfferedSection
from media_node.signalling.sdp_offer import Offer


@dataclass(frozen=True, slots=True)
class StartReceiving:
    """Take RTP of this section of the peer's offer as its track."""

    peer_id: PeerId
    track_sid: TrackSid
    section: OfferedSection


@dataclass(frozen=True, slots=True)
class StartSending:
    """Send another peer's track to this peer in this section, under `ssrc`."""

    peer_id: PeerId
    track_sid: TrackSid
    section: OfferedSection
    ssrc: int


@dataclass(frozen=True, slots=True)
class StopSending:
    """Send this track to this peer no more."""

    peer_id: PeerId
    track_sid: TrackSid


@dataclass(frozen=True, slots=True)
class Sending:
    """What an answer says of a section on which a track goes to the client."""

    track_sid: TrackSid
    stream_id: str
    cname: str
    ssrc: int


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """Send the peer the answer to its offer, after the other effects of that offer were carried out."""

    peer_id: PeerId
    offer: Offer
    offer_id: int
    receiving: frozenset[str]
    sending: dict[str, Sending]


@dataclass(frozen=True, slots=True)
class Published:
    """A section that began to carry one of the client's announced tracks."""

    track: Track
    section: OfferedSection


@dataclass(slots=True)
class Changes:
    """What an offer changes on the publishing side."""

    ended: list[TrackSid] = field(default_factory=list)
    begun: list[Published] = field(default_factory=list)
    refused: list[tuple[Track, str]] = field(default_factory=list)


class Negotiation:
    """The sections of one client, from offer to offer."""

    def __init__(self, first_ssrc: int) -> None:
        self.offer: Offer | None = None
        self._next_ssrc = first_ssrc
        self._receiving: dict[str, tuple[TrackSid, str | None]] = {}
        self._sending: dict[str, Sending] = {}
        self._draining: set[str] = set()  # mids that carried a track, and were not answered inactive since
        self._impossible: set[TrackSid] = set()

    # Publishing side

    def take_offer(self, offer: Offer, announced: Sequence[Track]) -> Changes:
        """Compare an offer with what this client sent so far and with what it announced since."""
        self.offer = offer
        changes = Changes()
        for mid, (sid, track_id) in list(self._receiving.items()):
            section = offer.section(mid)
            if section is None or not _sends(section) or section.track_id != track_id:
                del self._receiving[mid]
                changes.ended.append(sid)
        waiting = list(announced)
        fresh = [section for section in offer.sections if _sends(section) and section.mid not in self._receiving]
        for section, track in _matched(fresh, waiting):
            reason = _misfit(section, track)
            if reason:
                changes.refused.append((track, reason))
            else:
                self._receiving[section.mid] = (track.sid, section.track_id)
                changes.begun.append(Published(track, section))
        return changes

    def forget_received(self, track_sid: TrackSid) -> None:
        """Note that a track of this client has ended, though its last offer still had a section for it."""
        for mid in [mid for mid, (sid, _) in self._receiving.items() if sid == track_sid]:
            del self._receiving[mid]

    def has_unannounced(self, cid: str) -> bool:
        """Tell whether the last offer had a section for this cid that nothing was announced for at that time."""
        sections = self.offer.sections if self.offer else ()
        return any(_sends(s) and s.track_id == cid and s.mid not in self._receiving for s in sections)

    # Subscribing side

    def stop_unwanted(self, wanted: Sequence[Track]) -> list[TrackSid]:
        """Free the sections whose track is not wanted any more; return what must not be sent from now on."""
        keep = {track.sid for track in wanted}
        self._impossible &= keep
        stopped = {mid: sending.track_sid for mid, sending in self._sending.items() if sending.track_sid not in keep}
        for mid in stopped:
            self._release(mid)
        return list(stopped.values())

    def place(self, wanted: Sequence[tuple[Track, str, str]]) -> list[tuple[Track, OfferedSection, int]]:
        """Give wanted tracks (with stream id and cname) free sections of the offer in hand, before its answer."""
        assert self.offer is not None, "tracks are placed while an offer is answered"
        for mid in list(self._sending):
            section = self.offer.section(mid)
            if section is None or section.direction != "recvonly":
                self._release(mid)
        placed = {sending.track_sid for sending in self._sending.values()} | self._impossible
        free = {kind: self._free(kind) for kind in ("audio", "video")}
        started = []
        for track, stream_id, cname in wanted:
            if track.sid not in placed and free[track.kind]:
                section = free[track.kind].pop(0)
                sending = Sending(track.sid, stream_id, cname, self._take_ssrc())
                self._sending[section.mid] = sending
                started.append((track, section, sending.ssrc))
        self._draining.clear()
        return started

    def give_up(self, track_sid: TrackSid) -> None:
        """Note that this client has no codec for a track: it is not placed again."""
        self._impossible.add(track_sid)
        for mid in [mid for mid, sending in self._sending.items() if sending.track_sid == track_sid]:
            del self._sending[mid]

    def missing(self, wanted: Sequence[Track]) -> tuple[int, int] | None:
        """Return how many (audio, video) sections the client must add so that all fits; None if nothing waits.

        (0, 0) means that another offer is enough.
        """
        if self.offer is None:
            return None
        placed = {sending.track_sid for sending in self._sending.values()} | self._impossible
        waiting = Counter(track.kind for track in wanted if track.sid not in placed)
        if not waiting:
            return None
        audio, video = (max(0, waiting[kind] - len(self._free(kind))) for kind in ("audio", "video"))
        return audio, video

    def answer(self, peer_id: PeerId, offer_id: int) -> WriteAnswer:
        """Return the plan for the answer to the offer in hand."""
        assert self.offer is not None
        return WriteAnswer(peer_id, self.offer, offer_id, frozenset(self._receiving), dict(self._sending))

    def _free(self, kind: str) -> list[OfferedSection]:
        sections = self.offer.sections if self.offer else ()
        return [
            section
            for section in sections
            if section.kind == kind
            and section.direction == "recvonly"
            and section.codecs
            and section.mid not in self._sending
            and section.mid not in self._draining
        ]

    def _release(self, mid: str) -> None:
        del self._sending[mid]
        self._draining.add(mid)

    def _take_ssrc(self) -> int:
        ssrc = self._next_ssrc
        self._next_ssrc = ssrc % 0xFFFF_FFFE + 1
        return ssrc


def _sends(section: OfferedSection) -> bool:
    return section.kind != "application" and section.direction in ("sendonly", "sendrecv")


def _matched(sections: list[OfferedSection], waiting: list[Track]) -> list[tuple[OfferedSection, Track]]:
    """Pair sections with announced tracks: by cid, and what is left by kind of media in order.

    A browser may put another track id into its msid than it announced (LiveKit's `sdp_cid`).
    """
    pairs: list[tuple[OfferedSection, Track]] = []
    rest: list[OfferedSection] = []
    for section in sections:
        track = next((t for t in waiting if section.track_id in {t.cid, *t.other_cids}), None)
        if track is None:
            rest.append(section)
            continue
        waiting.remove(track)
        pairs.append((section, track))
    for section in rest:
        track = next((t for t in waiting if t.kind == section.kind), None)
        if track is not None:
            waiting.remove(track)
            pairs.append((section, track))
    return pairs


def _misfit(section: OfferedSection, track: Track) -> str:
    if section.kind != track.kind:
        return f"announced as {track.kind}, offered as {section.kind}"
    return "" if section.codecs else "the offer has no supported codec for it"
