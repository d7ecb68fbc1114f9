"""Premature beats and their patterns."""

from __future__ import annotations

import pytest

from ecgd.features.ectopy import observe_ectopy
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.rhythm import RhythmSign

FS_HZ = 250.0


def told(classes: str, watched_s: float = 60.0, rr_s: float = 0.75) -> dict[RhythmSign, str]:
    """Return what beats of these classes show, the last one having just come."""
    beats = [
        Beat(round(k * rr_s * FS_HZ), None, (), (), beat_class=BeatClass(name))
        for k, name in enumerate(classes)
    ]
    seen = observe_ectopy(beats, beats[-1].r_peak + 10, watched_s, FS_HZ)
    return {each.sign: each.text for each in seen}


def test_a_normal_rhythm_shows_nothing() -> None:
    assert told("N" * 60) == {}


@pytest.mark.parametrize(
    ("letter", "sign"),
    [("V", RhythmSign.PREMATURE_VENTRICULAR), ("S", RhythmSign.PREMATURE_SUPRAVENTRICULAR)],
)
def test_premature_beats_are_counted_by_the_minute(letter: str, sign: RhythmSign) -> None:
    beats = ("NNNNN" + letter) * 10
    assert told(beats) == {sign: f"{sign} 10/min"}
    assert told(beats[:30], watched_s=30.0)[sign] == f"{sign} 10/min", "half the time, half of them"
    assert told("NNV", watched_s=10.0) == {}, "too short to count"


def test_patterns() -> None:
    assert RhythmSign.COUPLETS in told("NNNVVNNNN")
    assert told("NNNVVNNNNVVN")[RhythmSign.COUPLETS] == "ventricular couplets (2)"
    assert RhythmSign.COUPLETS not in told("NNVVVNN")
    assert RhythmSign.BIGEMINY in told("NNNVNVNVNN")
    assert RhythmSign.BIGEMINY not in told("NNNVNVNN"), "three in a row are needed"
    assert RhythmSign.BIGEMINY not in told("NVQVNVN"), "a doubtful beat breaks the pattern"
    assert RhythmSign.TRIGEMINY in told("NNVNNVNNVN")
    assert RhythmSign.TRIGEMINY not in told("NNVNNNVNNNV")


def test_runs_have_length_and_rate() -> None:
    assert told("NNVVVVN", rr_s=0.4)[RhythmSign.VENTRICULAR_RUN] == (
        "run of ventricular beats: 4 at 150 bpm"
    )
    assert told("NSSSN", rr_s=0.5)[RhythmSign.SUPRAVENTRICULAR_RUN].endswith("3 at 120 bpm")
    assert RhythmSign.VENTRICULAR_RUN not in told("NNVVNN")


def test_an_old_pattern_is_told_no_longer() -> None:
    assert RhythmSign.COUPLETS not in told("NVVN" + "N" * 50)
