"""Schedule expressions fire when EventBridge would fire them."""

from datetime import UTC, datetime

import pytest

from infra.local.schedule_expression import next_fire

NOON = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)  # a Saturday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", datetime(2026, 11, 21, 12, 1, 30, tzinfo=UTC)),
        ("rate(5 minutes)", datetime(2026, 11, 21, 12, 5, 30, tzinfo=UTC)),
        ("rate(2 hours)", datetime(2026, 11, 21, 14, 0, 30, tzinfo=UTC)),
        ("rate(1 day)", datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)),
        ("cron(* * * * ? *)", datetime(2026, 11, 21, 12, 1, tzinfo=UTC)),
        ("cron(0/15 * * * ? *)", datetime(2026, 11, 21, 12, 15, tzinfo=UTC)),
        ("cron(0 3 * * ? *)", datetime(2026, 11, 22, 3, 0, tzinfo=UTC)),
        ("cron(30 9 ? * MON-FRI *)", datetime(2026, 11, 23, 9, 30, tzinfo=UTC)),
        ("cron(0 0 1 JAN,jul ? *)", datetime(2027, 1, 1, tzinfo=UTC)),
        ("cron(0 12 29 2 ? 2028)", datetime(2028, 2, 29, 12, 0, tzinfo=UTC)),
    ],
)
def test_the_next_moment_is_later_and_the_first_that_fits(expression: str, expected: datetime) -> None:
    assert next_fire(expression, NOON) == expected


@pytest.mark.parametrize(
    "expression",
    ["", "rate(0.5 hours)", "cron(* * *)", "cron(61 * * * ? *)", "cron(0 0 L * ? *)", "cron(0 0 1 1 ? 2000)", "every"],
)
def test_what_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(ValueError):
        next_fire(expression, NOON)
