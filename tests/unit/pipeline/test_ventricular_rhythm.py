"""Real fibrillation through the whole analysis, from the last beats on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgd.config.settings import Settings
from ecgd.decision.alarm_book import LETHAL_RHYTHMS
from ecgd.decision.hold_off import CLEAR_MIN_S
from ecgd.evaluation.stream import Analysed, analyse_stream, signal_of, with_signal
from ecgd.model.finding import EventType, Outcome, Severity
from ecgd.pipeline.observation import observe_heart
from ecgd.sources.recording import Recording, read_recording

RECORDINGS = Path(__file__).resolve().parents[2] / "fixtures" / "recordings"
ONSET_S = 25.4
LETHAL = {EventType.VENTRICULAR_FIBRILLATION, EventType.VENTRICULAR_TACHYCARDIA}


@pytest.fixture(scope="module")
def recording() -> Recording:
    return read_recording(RECORDINGS / "fibrillation_onset")


@pytest.fixture(scope="module")
def analysed(recording: Recording) -> Analysed:
    return analyse_stream(recording, Settings())


def told_s(analysed: Analysed) -> list[float]:
    return [
        each.time_s
        for each in analysed.assessments
        if LETHAL & {finding.event_type for finding in each.findings}
    ]


def test_fibrillation_is_told_within_ten_seconds_and_not_before(analysed: Analysed) -> None:
    times_s = told_s(analysed)
    assert ONSET_S < times_s[0] <= ONSET_S + 10
    assert max(np.diff([*times_s, analysed.assessments[-1].time_s])) < CLEAR_MIN_S, "one alarm"


def test_it_is_critical_and_hides_what_cannot_be_seen_in_it(analysed: Analysed) -> None:
    last = analysed.assessments[-1]
    (finding,) = [each for each in last.findings if each.event_type in LETHAL]
    assert finding.severity is Severity.CRITICAL
    assert last.outcome is Outcome.ANOMALY
    assert last.st is None
    assert last.cannot_judge == ()
    seen = observe_heart(last, 0.0)
    assert seen.judged
    assert {EventType.STEMI_DETECTED, EventType.PAUSE, EventType.ATRIAL_FIBRILLATION} <= (
        seen.unjudged
    )
    assert EventType.ASYSTOLE not in seen.unjudged, "what swings does not stand still"


def test_a_signal_that_is_lost_shows_no_fibrillation(recording: Recording) -> None:
    signal_mv = signal_of(recording)
    limit_mv = float(np.percentile(np.abs(signal_mv[:, 26 * 250 :]), 60))
    clipped = with_signal(recording, np.clip(signal_mv, -limit_mv, limit_mv))
    assert told_s(analyse_stream(clipped, Settings())) == []
    gaps = recording.valid.copy()
    gaps[25 * 250 :] = np.arange(gaps.size - 25 * 250) % 250 > 100
    assert told_s(analyse_stream(replace(recording, valid=gaps), Settings())) == []


def test_a_signal_cut_off_now_and_then_still_shows_it(recording: Recording) -> None:
    cut_mv = signal_of(recording).copy()
    for start in range(26 * 250, cut_mv.shape[1], 900):
        cut_mv[:, start : start + 60] = -80.0
    times_s = told_s(analyse_stream(with_signal(recording, cut_mv), Settings()))
    assert ONSET_S < times_s[0] <= ONSET_S + 10


@pytest.mark.parametrize("name", ["artefact", "normal", "atrial_fibrillation", "beats_mitdb_119"])
def test_hearts_that_beat_and_artefacts_raise_nothing(name: str) -> None:
    assert told_s(analyse_stream(read_recording(RECORDINGS / name), Settings())) == []


def test_a_signal_lost_after_fibrillation_calls_for_a_look() -> None:
    assert LETHAL <= LETHAL_RHYTHMS
