"""Figures and ages in words."""

from __future__ import annotations

import pytest

from ecgd.cli.words import (
    NBSP,
    age,
    clean,
    count,
    duration,
    live_age,
    megabytes,
    rate,
    signed_mv,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 s"),
        (9.9, "9.9 s"),
        (9.96, "9 s"),
        (119.9, "119 s"),
        (120.0, "2 min"),
        (7_199.0, "119 min"),
        (7_260.0, "2 h 1 min"),
        (172_800.0, "2 d 0 h"),
    ],
)
def test_a_span_has_two_units_at_most(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_an_old_live_value_says_so() -> None:
    assert live_age(10.0) == "10 s ago"
    assert live_age(10.1) == "10 s ago, old"
    assert live_age(None) == age(None) == "never"


def test_a_strangers_text_cannot_move_the_cursor() -> None:
    assert "\x1b" not in clean("node\x1b[2J\r\n01")
    assert clean("Zoë [red]") == "Zoë [red]"


def test_figures() -> None:
    assert signed_mv(-0.126) == "\N{MINUS SIGN}0.13"
    assert signed_mv(0.1) == "+0.10"
    assert rate(None) == "rate unknown"
    assert rate(71.6) == "72 bpm"
    assert count(1, "packet") == "1 packet"
    assert count(1200, "packet") == "1\N{NO-BREAK SPACE}200 packets"


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 kB"),
        (99_499, "99 kB"),
        (99_500, "0.1 MB"),
        (1_234_500_000, f"1{NBSP}234.5 MB"),
        (82.9313e9, "82.9 GB"),
    ],
)
def test_sizes_read_well_from_kilobytes_to_gigabytes(size_bytes: float, words: str) -> None:
    assert megabytes(size_bytes) == words
