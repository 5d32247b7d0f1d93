"""Where events may be sent."""

import pytest

from chalicelib.domain.webhook import DESCRIPTIONS, WebhookEvent, problem_of_url


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://example.org:8443/a/b?c=d",
        "https://93.184.216.34/hook",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/hook",
        "https://xn--exmple-cua.org/",
    ],
)
def test_what_the_internet_reaches_is_an_address(url: str) -> None:
    assert problem_of_url(url, loopback=False) is None
    assert problem_of_url(url, loopback=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org",
        "http://example.org",
        "ftp://example.org",
        "javascript:alert(1)",
        "https://",
        "https://user@example.org",
        "https://user:password@example.org",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://exa mple.org",
        "https://example.org\n.evil.org",
        "https://exämple.org",
        "https://example.org\\@evil.org",
        "https://[::1",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.1.1",
        "https://[fd00::1]/",
        "https://0.0.0.0",
        "https://2130706433/",
        "https://127.1/",
        "https://0x7f.0.0.1/",
        "https://db.internal/",
        "https://printer.local",
    ],
)
def test_anything_else_is_not(url: str) -> None:
    assert problem_of_url(url, loopback=False)
    assert problem_of_url(url, loopback=True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/hook", "http://localhost/", "https://[::1]:8443/", "http://hook.localhost:1"]
)
def test_this_machine_is_one_where_that_is_allowed(url: str) -> None:
    assert problem_of_url(url, loopback=True) is None
    assert problem_of_url(url, loopback=False)


def test_every_event_is_described() -> None:
    assert set(DESCRIPTIONS) == set(WebhookEvent)
