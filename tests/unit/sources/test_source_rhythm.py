"""When the synthetic heart beats."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.sources.dipole import BeatKind
from ecgd.sources.rhythm import BeatSchedule, Rhythm, ScheduledBeat


def _beats(
    rhythm: Rhythm = Rhythm.SINUS, rate_bpm: float = 72.0, pvc: float = 0.0, pac: float = 0.0
) -> list[ScheduledBeat]:
    schedule = BeatSchedule(
        rhythm, rate_bpm, pvc_fraction=pvc, pac_fraction=pac, rng=np.random.default_rng(1)
    )
    return schedule.until(600.0)


@pytest.mark.parametrize("rate_bpm", [30.0, 72.0, 200.0])
@pytest.mark.parametrize("rhythm", [Rhythm.SINUS, Rhythm.AF])
def test_the_mean_rate_is_the_one_asked_for(rhythm: Rhythm, rate_bpm: float) -> None:
    beats = _beats(rhythm, rate_bpm)
    assert len(beats) / 10.0 == pytest.approx(rate_bpm, rel=0.03)


def test_fibrillation_is_irregular_and_sinus_rhythm_is_not() -> None:
    def spread(rhythm: Rhythm) -> float:
        rr_s = np.diff([beat.r_s for beat in _beats(rhythm, 90.0)])
        return float(rr_s.std() / rr_s.mean())

    assert spread(Rhythm.SINUS) < 0.04
    assert 0.17 < spread(Rhythm.AF) < 0.27
    assert {beat.kind for beat in _beats(Rhythm.AF)} == {BeatKind.FIBRILLATION}


def test_a_pvc_is_early_and_its_pause_compensates() -> None:
    beats = _beats(pvc=0.1)
    at = [i for i, beat in enumerate(beats[:-1]) if beat.kind is BeatKind.PVC]
    assert 0.06 < len(at) / len(beats) < 0.13
    regular_s = 60.0 / 72.0
    for i in at:
        assert beats[i].rr_s < 0.7 * regular_s
        assert beats[i].rr_s + beats[i + 1].rr_s == pytest.approx(2 * regular_s)


def test_a_pac_is_early_and_its_pause_does_not_compensate() -> None:
    beats = _beats(pac=0.1)
    at = [i for i, beat in enumerate(beats[:-1]) if beat.kind is BeatKind.PAC]
    assert 0.06 < len(at) / len(beats) < 0.14
    regular_s = 60.0 / 72.0
    assert all(beats[i].rr_s == pytest.approx(0.7 * regular_s) for i in at)
    assert all(beats[i].rr_s + beats[i + 1].rr_s < 1.9 * regular_s for i in at)


def test_asystole_has_no_beat() -> None:
    schedule = BeatSchedule(
        Rhythm.ASYSTOLE, 0.0, pvc_fraction=0.0, pac_fraction=0.0, rng=np.random.default_rng(1)
    )
    assert schedule.until(1e6) == []
