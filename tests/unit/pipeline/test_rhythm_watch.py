"""Rhythms through the whole analysis: runs, a heart that does not answer, fibrillating atria."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg

from ecgd.config.settings import Settings
from ecgd.evaluation.challenge_study import recording_of
from ecgd.evaluation.stream import Analysed, analyse_stream
from ecgd.model.finding import EventType
from ecgd.model.rhythm import ASYSTOLE, ATRIAL_FIBRILLATION, VENTRICULAR_RUN, RhythmSign
from ecgd.model.signal import FloatArray
from ecgd.sources.recording import read_recording

RECORDINGS = Path(__file__).resolve().parents[2] / "fixtures" / "recordings"
FS_HZ = 250.0
RR_S = 0.85


def analysed(signal_mv: FloatArray) -> Analysed:
    noise_mv = np.random.default_rng(8).normal(scale=0.008, size=signal_mv.shape)
    counts = np.rint(1000 * (signal_mv + noise_mv)).astype(np.int32)
    return analyse_stream(recording_of(counts, ("I", "II")), Settings())


def gaussians(clock_s: FloatArray, at_s: FloatArray, width_s: float) -> FloatArray:
    waves: FloatArray = np.exp(-0.5 * ((clock_s - at_s[:, None]) / width_s) ** 2).sum(axis=0)
    return waves


@pytest.mark.parametrize("width_s", [0.002, 0.004])
def test_a_heart_that_does_not_answer_its_pacemaker_stands_still(width_s: float) -> None:
    duration_s, stop_s = 32.0, 20.0
    signal_mv = ecg(beat_times(stop_s, RR_S), duration_s)[:2]
    clock_s = np.arange(signal_mv.shape[1]) / FS_HZ
    spikes = gaussians(clock_s, beat_times(duration_s, RR_S) - 0.06, width_s)
    paced = analysed(signal_mv + np.array([[0.6], [1.0]]) * spikes)
    assert [beat for beat in paced.beats if beat.r_peak > (stop_s + 1) * FS_HZ] == []
    assert len([beat for beat in paced.beats if beat.r_peak < stop_s * FS_HZ]) == 24
    told_s = [each.time_s for each in paced.assessments if each.rhythm.label == ASYSTOLE]
    assert stop_s < told_s[0] <= stop_s + 10


def test_a_run_of_wide_beats_is_told_at_once_and_for_ten_seconds() -> None:
    before = beat_times(20.0, RR_S)
    run: FloatArray = 20.2 + np.linspace(0.0, 2.8, 8)
    after = run[-1] + RR_S * np.arange(1, 20)
    duration_s = 40.0
    signal_mv = ecg(np.concatenate((before, after)), duration_s)[:2]
    clock_s = np.arange(signal_mv.shape[1]) / FS_HZ
    wide = 1.4 * gaussians(clock_s, run, 0.03) - 0.4 * gaussians(clock_s, run + 0.2, 0.05)
    seen = analysed(signal_mv + np.array([[0.7], [-1.0]]) * wide)
    told = [each for each in seen.assessments if each.rhythm.label == VENTRICULAR_RUN]
    assert run[4] < told[0].time_s <= run[4] + 3
    assert run[-1] + 8 <= told[-1].time_s <= run[-1] + 11
    (note,) = [o for o in told[-1].rhythm.observations if o.sign is RhythmSign.VENTRICULAR_RUN]
    assert (note.value or 0) in {8, 9}
    assert EventType.VENTRICULAR_TACHYCARDIA in {f.event_type for f in told[0].findings}


def test_a_run_too_broad_for_the_beat_detector_is_told() -> None:
    before = beat_times(20.0, RR_S)
    run: FloatArray = np.linspace(20.2, 22.9, 7)
    after = run[-1] + RR_S * np.arange(1, 20)
    signal_mv = ecg(np.concatenate((before, after)), 40.0)[:2]
    clock_s = np.arange(signal_mv.shape[1]) / FS_HZ
    broad = 1.3 * gaussians(clock_s, run, 0.07)
    seen = analysed(signal_mv + np.array([[0.7], [-1.0]]) * broad)
    found = [beat for beat in seen.beats if run[0] - 0.1 < beat.r_peak / FS_HZ < run[-1] + 0.1]
    assert len(found) < 5, "the detector alone does not see the run"
    told = [each for each in seen.assessments if each.rhythm.label == VENTRICULAR_RUN]
    assert run[4] < told[0].time_s <= run[4] + 3


def test_fibrillating_atria_have_no_p_wave() -> None:
    held = read_recording(RECORDINGS / "atrial_fibrillation")
    again = np.tile(held.counts, (1, 5))
    seen = analyse_stream(
        replace(held, counts=again, valid=np.ones(again.shape[1], np.bool_)), Settings()
    )
    told = [each for each in seen.assessments if each.rhythm.label == ATRIAL_FIBRILLATION]
    assert told
    for each in told:
        assert all(beat.waves is None or beat.waves.p_peak is None for beat in each.beats)
        assert each.intervals is None or each.intervals.pr_ms is None
    others = [each for each in seen.assessments if each not in told]
    assert any(b.waves and b.waves.p_peak for each in others for b in each.beats), "before that"


def test_a_lead_that_fails_hides_no_beats_that_another_shows() -> None:
    duration_s = 30.0
    clock_s = np.arange(round(duration_s * FS_HZ)) / FS_HZ
    at_s = beat_times(duration_s, 0.55)
    rng = np.random.default_rng(1)
    broad = gaussians(clock_s, at_s, 0.045) + rng.normal(0.0, 0.02, clock_s.size)
    plain = np.where(clock_s < 16.0, 1.5, 0.05) * gaussians(clock_s, at_s, 0.03)
    seen = analysed(np.stack((broad, plain + rng.normal(0.0, 0.01, clock_s.size))))
    assert ASYSTOLE not in {each.rhythm.label for each in seen.assessments}
