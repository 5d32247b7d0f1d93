"""Sockets: ICE-lite, source guard, DTLS, SCTP, SRTP, fan-out. The only place that touches aiortc."""
