from __future__ import annotations

import numpy as np
import pytest

from ecgd.features.beat_confidence import GOOD_CONFIDENCE, beat_confidence

REGULAR = np.arange(0.4, 5.0, 0.8).tolist()


def test_clean_leads_and_a_steady_rhythm_are_good() -> None:
    confidence = beat_confidence([0.97, 0.95], REGULAR)
    assert confidence is not None
    assert confidence > GOOD_CONFIDENCE


def test_a_beat_too_many_or_too_few_is_less_sure() -> None:
    usual = beat_confidence([0.9, 0.8], REGULAR)
    missed = beat_confidence([0.9, 0.8], REGULAR[:2] + REGULAR[3:])
    extra = beat_confidence([0.9, 0.8], sorted([*REGULAR, REGULAR[2] + 0.3]))
    assert usual is not None
    assert missed is not None
    assert extra is not None
    assert extra < GOOD_CONFIDENCE < usual
    assert missed < 1 - 5 * (1 - usual)


def test_worse_leads_are_less_sure_and_a_lost_one_takes_no_part() -> None:
    known = [beat_confidence([sqi, sqi], REGULAR) for sqi in (0.05, 0.3, 0.6, 0.9, 0.99, 1.0)]
    assert known == sorted(known, key=lambda each: each or 0.0)
    assert beat_confidence([0.9, 0.0], REGULAR) == beat_confidence([0.9], REGULAR)


@pytest.mark.parametrize(
    ("sqi", "r_peaks_s"), [([], REGULAR), ([0.0, 0.0], REGULAR), ([0.9], []), ([0.9], [1.0])]
)
def test_nothing_to_judge_by_is_no_confidence(sqi: list[float], r_peaks_s: list[float]) -> None:
    assert beat_confidence(sqi, r_peaks_s) is None


def test_two_beats_at_the_same_moment_are_finite() -> None:
    assert beat_confidence([0.9], [1.0, 1.0, 1.0]) == pytest.approx(beat_confidence([0.9], [1, 2]))
