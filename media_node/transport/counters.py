"""What the transport counts. Plain integers that only grow, but for `peers_open`; /metrics renders them by name."""

from dataclasses import dataclass


@dataclass(slots=True)
class TransportCounters:
    """Totals of one endpoint since its start; a unit is a datagram or packet unless the name says bytes."""

    datagrams_in: int = 0
    bytes_in: int = 0
    receive_errors: int = 0
    empty_dropped: int = 0
    unclassified_dropped: int = 0
    unvalidated_dropped: int = 0  # not STUN, from an address that passed no authenticated check
    early_dropped: int = 0  # media or DTLS that this peer cannot take yet

    stun_answered: int = 0
    stun_malformed: int = 0
    stun_unknown: int = 0  # well formed, for nobody here
    stun_unauthenticated: int = 0
    address_conflicts: int = 0  # an address that a live peer holds, claimed by another
    ice_restarts: int = 0

    dtls_in: int = 0
    dtls_dropped: int = 0  # queue full, or a plaintext alert in the handshake
    dtls_restarted: int = 0  # handshakes begun again after bytes that broke them
    sctp_rejected: int = 0  # malformed, or made to exhaust us

    rtp_in: int = 0
    rtcp_in: int = 0
    srtp_auth_failed: int = 0
    srtp_replayed: int = 0
    srtp_other_failed: int = 0
    srtp_ssrc_overflow: int = 0

    rtp_out: int = 0
    rtcp_out: int = 0
    datagrams_out: int = 0  # SRTP and SRTCP only
    bytes_out: int = 0
    send_calls: int = 0
    gso_fallbacks: int = 0
    send_errors: int = 0
    send_stalls: int = 0  # the socket buffer was full
    stalled_dropped: int = 0
    peer_queue_dropped: int = 0
    control_dropped: int = 0  # STUN answers and DTLS records the socket did not take
    protect_failed: int = 0

    data_in: int = 0
    data_out: int = 0
    data_dropped_in: int = 0
    data_dropped_out: int = 0

    handler_errors: int = 0
    peers_opened: int = 0
    peers_connected: int = 0
    peers_open: int = 0
