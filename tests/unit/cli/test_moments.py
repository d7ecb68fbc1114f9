"""Times as people write them, in a zone whose clocks go back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgd.cli.moments import local_time, parse_moment, zoned_time

NOW_UNIX_S = 1_795_269_600.0
"""2026-11-21 15:00:00 in Berlin, one hour ahead of Greenwich."""


@pytest.fixture(scope="module", autouse=True)
def _in_berlin() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("now", "2026-11-21 15:00:00"),
        ("-2h", "2026-11-21 13:00:00"),
        ("-90m", "2026-11-21 13:30:00"),
        ("-1h30m", "2026-11-21 13:30:00"),
        ("-1d2h3m4s", "2026-11-20 12:56:56"),
        ("14:05", "2026-11-21 14:05:00"),
        ("today 8:00:30", "2026-11-21 08:00:30"),
        ("Yesterday 21:30", "2026-11-20 21:30:00"),
        ("yesterday", "2026-11-20 00:00:00"),
        ("2026-11-20", "2026-11-20 00:00:00"),
        (" 2026-11-20 14:05 ", "2026-11-20 14:05:00"),
        ("2026-11-20T14:05:30", "2026-11-20 14:05:30"),
        ("2026-11-20T14:05:30Z", "2026-11-20 15:05:30"),
        ("2026-11-20 14:05+05:30", "2026-11-20 09:35:00"),
        ("@1795269600", "2026-11-21 15:00:00"),
        ("2026-07-01 12:00", "2026-07-01 12:00:00"),
    ],
)
def test_every_form_gives_its_time(text: str, local: str) -> None:
    assert local_time(parse_moment(text, NOW_UNIX_S)) == local


def test_fractions_of_a_second_stay() -> None:
    assert parse_moment("@1795269600.25", NOW_UNIX_S) == NOW_UNIX_S + 0.25
    assert parse_moment("15:00:00.5", NOW_UNIX_S) == NOW_UNIX_S + 0.5


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    first = parse_moment("2026-10-25 02:30", NOW_UNIX_S)
    assert zoned_time(first) == "2026-10-25T02:30:00.000000+02:00"


@pytest.mark.parametrize("text", ["", "-", "-2", "2h", "25:00", "tomorrow", "-2h ago", "@", "1795"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text, NOW_UNIX_S)


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        found = parse_moment(text, NOW_UNIX_S)
    except (ValueError, OverflowError):
        return
    assert isinstance(found, float)
