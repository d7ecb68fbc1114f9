"""Alarms of bedside monitors are judged by the last seconds and scored as the challenge does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg

from ecgd.evaluation.challenge_study import (
    MISSING,
    ChallengeRow,
    challenge_score,
    challenge_section,
    recording_of,
    study_challenge,
)
from ecgd.model.signal import CountArray


def stopping(stop_s: float, duration_s: float = 30.0) -> CountArray:
    """Return two leads in µV of a heart that stops."""
    signal_mv = ecg(beat_times(stop_s, 0.8), duration_s)[:2]
    noise_mv = np.random.default_rng(2).normal(scale=0.008, size=signal_mv.shape)
    return np.rint(1000 * (signal_mv + noise_mv)).astype(np.int32)


def test_missing_values_are_flat_and_a_lead_that_is_not_there_is_left_out() -> None:
    counts = stopping(30.0)
    counts[1] = MISSING
    counts[0, :100] = MISSING
    recording = recording_of(counts, ("II", "V"))
    assert recording.leads == ("II",)
    assert recording.counts[0, :100].tolist() == [0] * 100
    assert recording.valid.tolist() == [False] * 100 + [True] * (counts.shape[1] - 100)


def test_a_missed_alarm_counts_five_times() -> None:
    rows = [
        ChallengeRow("a", "Asystole", True, True),
        ChallengeRow("b", "Asystole", False, False),
        ChallengeRow("c", "Asystole", False, True),
        ChallengeRow("d", "Asystole", True, False),
    ]
    assert challenge_score(rows) == pytest.approx(2 / (1 + 1 + 1 + 5))
    assert challenge_score(rows[:2]) == 1.0
    assert np.isnan(challenge_score([]))
    section = challenge_section(rows)
    assert "| asystole | 2 | 50.0 % | 2 | 50.0 % | 25.0 |" in section
    assert "tachycardia" not in section


def test_the_folder_is_read_in_parts(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(
        "record,alarm,alarm_true,lead0,lead1\na1,Asystole,1,II,V\na2,Asystole,0,II,V\n"
    )
    both = np.stack((stopping(22.0), stopping(30.0))).astype(np.int16)
    np.save(tmp_path / "ecg250_uV.npy", both)
    rows = [row for part in (0, 1) for row in study_challenge(tmp_path, part, 2)]
    assert [(row.record, row.true, row.raised) for row in rows] == [
        ("a1", True, True),
        ("a2", False, False),
    ]
