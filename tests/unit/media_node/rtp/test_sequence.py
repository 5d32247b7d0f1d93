"""Numbers that wrap."""

from media_node.rtp.sequence import ReceptionStats, seq_is_newer


def test_order_survives_the_wrap() -> None:
    assert seq_is_newer(0, 65535)
    assert not seq_is_newer(65535, 0)
    assert not seq_is_newer(7, 7)
    assert not seq_is_newer(0x8000, 0)


def test_loss_is_counted_over_the_wrap() -> None:
    stats = ReceptionStats(90_000, 65534)
    for seq in (65534, 65535, 1):
        stats.on_packet(seq, 0, 0.0)
    assert stats.report()[:3] == (64, 1, 0x10001)
    stats.on_packet(2, 0, 0.0)
    assert stats.report()[:3] == (0, 1, 0x10002)


def test_jitter_grows_with_uneven_arrival_and_ignores_a_timestamp_wrap() -> None:
    stats = ReceptionStats(48_000, 0)
    for seq, now in enumerate((0.0, 0.02, 0.06, 0.08)):
        stats.on_packet(seq, seq * 960, now)
    assert 50 < stats.report()[3] < 200
    before = stats.report()[3]
    stats.on_packet(4, 0xFFFFFFFF, 0.1)
    assert stats.report()[3] == before
