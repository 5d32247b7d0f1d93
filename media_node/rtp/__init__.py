"""Pure RTP and RTCP: parsing, rewriting, layer selection, feedback. No I/O, no clock."""
