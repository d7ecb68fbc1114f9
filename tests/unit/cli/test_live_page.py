"""The bedside page: fits every terminal, and shows what is old as old."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_examples import NOW_S, hello, monitor_at_work, samples, state

from ecgd.cli.live_monitor import Monitor
from ecgd.cli.live_page import render
from ecgd.cli.live_paper import Surroundings, lay_out
from ecgd.cli.live_screen import Painter
from ecgd.cli.live_text import Line, cell_width


def _render(
    monitor: Monitor, now_s: float = NOW_S, width: int = 80, height: int = 24, **more: object
) -> list[Line]:
    around = Surroundings("12:34:56", now_s, **more)  # type: ignore[arg-type]
    return render(monitor, around, width, height)


def _text(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def _style_of(lines: list[Line], part: str) -> str:
    return next(style for line in lines for text, style in line if part in text)


def _traced(lines: list[Line], style: str) -> int:
    return sum(len(text) for line in lines for text, name in line if name == style)


@settings(max_examples=40)
@given(
    width=st.integers(1, 200),
    height=st.integers(1, 70),
    name=st.text(max_size=120),
    later_s=st.floats(0, 30),
    ascii_only=st.booleans(),
)
def test_a_page_fits_whatever_the_terminal_and_the_name(
    width: int, height: int, name: str, later_s: float, ascii_only: bool
) -> None:
    monitor = monitor_at_work(2)
    monitor.take(hello(name), NOW_S)
    lines = _render(monitor, NOW_S + later_s, width, height, ascii_only=ascii_only)
    assert len(lines) == height
    for line in lines:
        assert cell_width("".join(text for text, _ in line)) <= width
    assert Painter(colour=True).paint(lines, width, height) != ""
    if ascii_only:
        assert _text(lines).isascii()


def test_everything_that_matters_is_on_the_smallest_page() -> None:
    text = _text(_render(monitor_at_work()))
    for part in (
        "Ada Example",
        "CRITICAL STEMI_DETECTED, inferior",
        "not yet seen",
        "72 bpm",
        "regular",
        "III +0.27 mV",
        "CRITICAL_STEMI",
        "link up",
        "signal 88 %",
        "battery 67 %",
        "25 mm/s",
        "mm/mV",
        "bar 1 mV",
        "q quit",
        "space freeze",
        "12:34:56",
        "SIMULATED",
    ):
        assert part in text
    for lead in ("I ", "II ", "III ", "aVR", "aVL", "aVF"):
        assert f"\n{lead}" in text or f" {lead}" in text


def test_live_traces_are_bright_and_stale_ones_dim_and_overwritten() -> None:
    monitor = monitor_at_work()
    live = _render(monitor)
    assert _traced(live, "trace") > 50
    assert "NO DATA" not in _text(live)
    stale = _render(monitor, NOW_S + 0.9)
    assert _traced(stale, "trace") == 0
    assert _traced(stale, "stale") > 50
    assert _style_of(stale, "NO DATA") == "banner"
    gone = _render(monitor, NOW_S + 11.0)
    assert _traced(gone, "stale") == 0
    assert "-- bpm" in _text(gone)
    assert "72 bpm" not in _text(gone)


def test_figures_that_grow_old_say_so() -> None:
    monitor = monitor_at_work()
    monitor.take(state(NOW_S + 4.0), NOW_S + 4.0)
    lines = _render(monitor, NOW_S + 4.0)
    assert "4.0 s old" in _text(lines)
    assert _style_of(lines, "72 bpm") == "dim"


def test_without_the_daemon_nothing_looks_current() -> None:
    monitor = monitor_at_work()
    monitor.lose("the daemon is gone", NOW_S)
    lines = _render(monitor, NOW_S + 2.0)
    text = _text(lines)
    assert "NO CONNECTION TO THE DAEMON for 2 s" in text
    assert "LAST KNOWN" in text
    assert "the daemon is gone" in text
    assert "72 bpm" not in text
    assert _traced(lines, "trace") == 0
    monitor.take(state(alarms=[]), NOW_S)
    assert "no alarm" not in _text(_render(monitor, NOW_S + 2.0)).replace("alarms not up", "")


def test_a_frozen_trace_is_marked_while_alarms_stay_live() -> None:
    monitor = monitor_at_work()
    monitor.toggle_freeze(NOW_S)
    monitor.take(state(alarms=[]), NOW_S)
    lines = _render(monitor, NOW_S + 0.2)
    assert _style_of(lines, "FROZEN") == "frozen"
    assert _traced(lines, "trace") == 0
    assert "no alarm" in _text(lines)


def test_more_alarms_than_lines_are_counted_the_gravest_first() -> None:
    monitor = monitor_at_work()
    assert monitor.patient is not None
    (alarm,) = monitor.patient["alarms"]
    many = [
        alarm | {"event_type": f"E{number}", "severity": severity}
        for number, severity in enumerate(("LOW", "MEDIUM", "CRITICAL", "HIGH"))
    ]
    monitor.take(state(alarms=many), NOW_S)
    text = _text(_render(monitor))
    assert text.index("CRITICAL E2") < text.index("HIGH E3")
    assert "and 2 more" in text


def test_a_smaller_terminal_says_so_and_shows_the_alarm() -> None:
    text = _text(_render(monitor_at_work(), width=60, height=10))
    assert "60x10 is too small" in text
    assert "CRITICAL STEMI_DETECTED" in text


@pytest.mark.parametrize(
    ("width", "height", "across", "rows"), [(80, 24, 2, 6), (200, 60, 1, 9), (120, 30, 1, 4)]
)
def test_the_traces_share_the_screen(width: int, height: int, across: int, rows: int) -> None:
    layout = lay_out(width, height)
    assert (layout.across, layout.rows_each) == (across, rows)
    lines = _render(monitor_at_work(), width=width, height=height)
    starts = [line[0][0].strip() for line in lines if line]
    assert ("aVR" in starts) == (across == 1)


def test_a_steeper_gain_is_drawn_higher() -> None:
    monitor = monitor_at_work()
    low = _text(_render(monitor))
    monitor.gain.turn(1)
    high = _text(_render(monitor))
    assert low != high
    assert "20 mm/mV fixed" in high


def test_a_question_takes_the_place_of_the_keys() -> None:
    lines = _render(monitor_at_work(), prompt="acknowledge STEMI_DETECTED? y/n")
    assert _style_of(lines[-1:], "y/n") == "prompt"
    assert "q quit" not in _text(lines)


def test_a_strangers_name_moves_no_cursor() -> None:
    monitor = monitor_at_work()
    monitor.take(hello("\x1b[2J\nEve"), NOW_S)
    out = Painter(colour=True).paint(_render(monitor), 80, 24)
    assert out.count("\x1b[2J") == 1
    assert "\n" not in out


def test_an_unchanged_page_writes_nothing_and_a_trace_only_what_moved() -> None:
    monitor, painter = monitor_at_work(), Painter(colour=True)
    whole = painter.paint(_render(monitor), 80, 24)
    assert painter.paint(_render(monitor), 80, 24) == ""
    monitor.take(samples(1500, 25), NOW_S)
    assert 0 < len(painter.paint(_render(monitor), 80, 24)) < len(whole) / 4
    assert "\x1b[2J" in painter.paint(_render(monitor, width=100), 100, 24)


def test_without_colour_only_weight_and_reversal_are_used() -> None:
    out = Painter(colour=False).paint(_render(monitor_at_work()), 80, 24)
    codes = {code for part in out.split("\x1b[")[1:] for code in part.partition("m")[0].split(";")}
    assert codes & {"7", "2"}
    assert not {str(number) for number in range(30, 48)} & codes.intersection({"31", "41", "92"})
