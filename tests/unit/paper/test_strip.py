"""The strip: true to scale, and silent about what was never measured."""

from __future__ import annotations

from itertools import pairwise
from typing import TypeVar

import numpy as np

from ecgd.model.finding import Severity
from ecgd.paper.report_page import ReportText, Section, Table, draw_report
from ecgd.paper.sheet import Box, Dot, Grid, Line, Shape, Stamp, Words, usual_width
from ecgd.paper.strip import (
    J_COLOUR,
    LEFT_PX,
    PX_PER_MM,
    SHEET_PX,
    ST_COLOUR,
    TRACE,
    Strip,
    draw_strip,
    height_px,
)

FS_HZ = 250.0
_Kind = TypeVar("_Kind", bound=Shape)


def flat(seconds: float = 5.0, leads: tuple[str, ...] = ("I", "II")) -> Strip:
    signal_mv = np.zeros((len(leads), round(seconds * FS_HZ)))
    return Strip(leads, signal_mv, FS_HZ, decided_index=signal_mv.shape[1])


def shapes(strip: Strip, kind: type[_Kind]) -> list[_Kind]:
    return [each for each in draw_strip(strip, (), 0.0) if isinstance(each, kind)]


def traces(strip: Strip) -> list[Line]:
    """Return the lines of the signal, without calibration pulses."""
    drawn = (each for each in shapes(strip, Line) if each.colour == TRACE)
    return [each for each in drawn if each.points[0, 0] >= LEFT_PX]


def test_the_pulse_is_one_millivolt_for_a_fifth_of_a_second() -> None:
    pulses = [each for each in shapes(flat(), Line) if each.points[0, 0] == PX_PER_MM]
    assert len(pulses) == 2, "one a lead"
    for pulse in pulses:
        x, y = pulse.points[:, 0], pulse.points[:, 1]
        assert np.ptp(y) == 10 * PX_PER_MM
        top = x[y == y.min()]
        assert top.max() - top.min() == 5 * PX_PER_MM


def test_signal_and_time_have_the_scale_of_the_pulse() -> None:
    strip = flat()
    strip.signal_mv[0, 500:] = 0.5
    line = traces(strip)[0]
    assert line.points[0, 1] - line.points[-1, 1] == 5 * PX_PER_MM
    assert line.points[500, 0] - line.points[0, 0] == 2.0 * 25 * PX_PER_MM
    assert line.points[0, 0] == LEFT_PX
    assert line.points[-1, 0] < SHEET_PX
    [grid] = shapes(strip, Grid)
    assert grid.px_per_mm == PX_PER_MM
    assert LEFT_PX % (5 * PX_PER_MM) == 0, "whole seconds lie on strong lines"


def test_what_is_missing_is_grey_and_has_no_line() -> None:
    strip = flat()
    strip.signal_mv[:, 250:500] = np.nan
    [gap] = shapes(strip, Box)
    assert gap.x_px == LEFT_PX + 25 * PX_PER_MM
    assert gap.width_px == 25 * PX_PER_MM
    assert "missing 1.0 s" in [each.text for each in shapes(strip, Words)]
    for line in traces(strip):
        inside = (line.points[:, 0] > gap.x_px) & (line.points[:, 0] < gap.x_px + gap.width_px)
        assert not inside.any()
    assert len(traces(strip)) == 4, "two stretches a lead"


def test_a_lead_without_a_signal_says_so_while_the_others_are_drawn() -> None:
    strip = flat()
    strip.signal_mv[1] = np.nan
    assert "no signal" in [each.text for each in shapes(strip, Words)]
    assert shapes(strip, Box) == []
    assert len(traces(strip)) == 1


def test_a_swing_beyond_the_paper_is_cut_and_said() -> None:
    strip = flat()
    strip.signal_mv[0, 600:620] = 9.0
    [words] = [each for each in shapes(strip, Words) if "cut off" in each.text]
    assert words.colour == ST_COLOUR
    first, second = traces(strip)
    assert first.points[:, 1].max() <= second.points[:, 1].min(), "no lead hides another"


def test_longer_strips_go_on_below_and_every_sample_is_drawn_once() -> None:
    strip = flat(12.0)
    assert sum(len(line.points) for line in traces(strip)) == strip.signal_mv.size
    grids = shapes(strip, Grid)
    assert len(grids) == 3
    assert all(one.y_px + one.height_px < two.y_px for one, two in pairwise(grids))
    assert grids[-1].y_px + grids[-1].height_px <= height_px(strip)


def test_beats_and_the_decision_are_marked_where_they_are() -> None:
    strip = Strip(("I",), np.zeros((1, 1250)), FS_HZ, 750, ((250, 260),))
    [mark] = [each for each in shapes(strip, Line) if each.colour == J_COLOUR]
    assert set(mark.points[:, 0]) == {LEFT_PX + 25 * PX_PER_MM}
    [dot] = shapes(strip, Dot)
    assert dot.x_px == LEFT_PX + 26 * PX_PER_MM
    seconds = {each.text: each.x_px for each in shapes(strip, Words)}
    assert seconds["decision"] == LEFT_PX + 75 * PX_PER_MM
    assert seconds["-1 s"] == LEFT_PX + 50 * PX_PER_MM
    assert seconds["+1 s"] == LEFT_PX + 100 * PX_PER_MM


def text(test: str = "", paragraph: str = "") -> ReportText:
    return ReportText(
        severity=Severity.CRITICAL,
        grade="CRITICAL",
        title="ST-elevation infarction pattern",
        facts=("when and who",),
        strip_notes=("nothing is stored",),
        captions=(),
        table=Table(("lead", "ST"), (0.5, 0.5), (("II", "+0.2 mV"),), frozenset({0})),
        sections=(Section("Evidence", (paragraph,) if paragraph else ()),),
        footer=("supplements care",),
        test=test,
    )


def test_every_part_of_a_simulated_report_says_test() -> None:
    sheet = draw_report(text("TEST: nobody is ill"), flat(15.0), usual_width)
    stamps = [each for each in sheet.shapes if isinstance(each, Stamp)]
    assert {each.text for each in stamps} == {"TEST"}
    assert len(stamps) >= sheet.height_px // 1000
    plain = draw_report(text(), flat(15.0), usual_width)
    assert not [each for each in plain.shapes if isinstance(each, Stamp)]


def test_words_of_any_length_stay_on_the_sheet() -> None:
    long = "word " * 80 + "x" * 300
    sheet = draw_report(text(paragraph=long), None, usual_width)
    words = [each for each in sheet.shapes if isinstance(each, Words)]
    assert "".join(each.text for each in words if set(each.text) == {"x"}) == "x" * 300
    for each in words:
        assert each.x_px + usual_width(each.text, each.size_px, each.bold) <= SHEET_PX
        assert 0 < each.y_px < sheet.height_px
