"""Ventricular rhythms are held against marks as the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.config.settings import Settings
from ecgd.evaluation.rhythm_report import rhythm_section
from ecgd.evaluation.rhythm_study import VENTRICULAR, Stretch, score_rhythm, sensitivity
from ecgd.evaluation.stream import Analysed, analyse_stream
from ecgd.sources.recording import read_recording

RECORDINGS = Path(__file__).resolve().parents[2] / "fixtures" / "recordings"


@pytest.fixture(scope="module")
def analysed() -> Analysed:
    return analyse_stream(read_recording(RECORDINGS / "fibrillation_onset"), Settings())


def test_fibrillation_where_it_is_marked_is_no_false_alarm(analysed: Analysed) -> None:
    marks = (Stretch("N", 0.0, 25.4), Stretch("VF", 25.4, 50.0))
    row = score_rhythm("cu08", analysed, marks)
    told, windows = sensitivity([row], VENTRICULAR)
    assert 0 < told <= windows == row.windows["VF"]
    assert row.told["N"] == row.false_alarms == 0
    assert row.other_s == pytest.approx(25.4)
    assert len(row.delays_s) == 1
    assert row.delays_s[0] is not None
    assert row.delays_s[0] <= 10
    assert "alarmed 1, within 10 s 1" in rhythm_section("cu08", [row])


def test_fibrillation_where_none_is_marked_is_one(analysed: Analysed) -> None:
    row = score_rhythm("cu08", analysed, (Stretch("N", 0.0, 50.0),))
    assert row.false_alarms == 1
    assert row.delays_s == ()
