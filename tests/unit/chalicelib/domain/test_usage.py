"""Days and what was used on them."""

from datetime import date

from chalicelib.domain.usage import DailyUsage, by_day, day_of, days


def test_a_day_begins_and_ends_in_utc() -> None:
    assert day_of(1_700_006_399_999) == date(2023, 11, 14)
    assert day_of(1_700_006_400_000) == date(2023, 11, 15)


def test_days_run_over_the_end_of_february() -> None:
    assert list(days(date(2024, 2, 28), date(2024, 3, 1))) == [
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2024, 3, 1),
    ]


def test_the_parts_of_a_day_add_up_and_days_without_use_are_there() -> None:
    first, second = date(2024, 1, 1), date(2024, 1, 2)
    parts = [DailyUsage(second, 1, 10), DailyUsage(second, 2, 5)]
    assert by_day(first, second, parts) == (DailyUsage(first), DailyUsage(second, 3, 15))
