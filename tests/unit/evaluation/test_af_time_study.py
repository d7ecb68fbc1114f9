"""Atrial fibrillation in long recordings is counted by the 30 s before each window's end."""

from __future__ import annotations

from dataclasses import replace

from sample_daemon import sample_assessment

from ecgd.evaluation.af_time_study import AfTimeRow, af_time_section, score_af_time
from ecgd.evaluation.rhythm_study import Stretch
from ecgd.evaluation.stream import Analysed
from ecgd.model.assessment import Assessment
from ecgd.model.finding import Domain, EventType, Finding, Severity

FS_HZ = 250.0
TOLD = Finding(EventType.ATRIAL_FIBRILLATION, Severity.MEDIUM, Domain.HEART)


def window(end_s: float, told: bool) -> Assessment:
    sample = sample_assessment()
    return replace(
        sample,
        start_index=round((end_s - 5) * FS_HZ),
        end_index=round(end_s * FS_HZ),
        fs_hz=FS_HZ,
        findings=(TOLD,) if told else (),
    )


def scored(marks: tuple[Stretch, ...], told_s: set[int]) -> AfTimeRow:
    ends_s = range(5, 201)
    windows = tuple(window(float(end_s), end_s in told_s) for end_s in ends_s)
    return score_af_time("made", Analysed(windows, FS_HZ), marks)


def test_windows_are_those_whose_30_s_lie_in_one_rhythm() -> None:
    marks = (Stretch("N", 0.0, 60.0), Stretch("AFIB", 60.0, 140.0), Stretch("NOISE", 140.0, 200.0))
    row = scored(marks, {80, 95, 110, 160})
    assert row.others == (0, 31)
    assert row.fibrillating == (2, 51)
    assert row.false_alarms == 0


def test_what_is_told_apart_is_two_false_alarms() -> None:
    row = scored((Stretch("N", 0.0, 100.0), Stretch("T", 100.0, 200.0)), {50, 51, 60, 120, 20})
    assert row.others == (4, 171)
    assert row.false_alarms == 2
    assert round(row.others_s) in range(165, 180)
    assert "2 in 0.0 h of 1 records" in af_time_section("somewhere", [row])


def test_flutter_stands_for_itself() -> None:
    row = scored((Stretch("AFL", 0.0, 200.0),), {100})
    assert row.flutter == (1, 171)
    assert row.others == row.fibrillating == (0, 0)
    assert "| **all** | – | 0.6 % | – | 0 |" in af_time_section("somewhere", [row])
