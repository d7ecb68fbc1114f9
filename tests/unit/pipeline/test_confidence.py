"""The mean confidence in beats follows slowly, by the signal's own time."""

from __future__ import annotations

import pytest
from ecg_shapes import beat_times, ecg, window

from ecgd.model.beat import Beat
from ecgd.model.finding import LeadQuality
from ecgd.pipeline.confidence import CERTAINTY_S, confidence_in, follow_certainty
from ecgd.pipeline.history import History

SIGNAL = ecg(beat_times(5, 0.8), 5.0)[:2]
GOOD = tuple(LeadQuality(lead, 0.95, True) for lead in ("I", "II"))
POOR = tuple(LeadQuality(lead, 0.1, False, ("noise",)) for lead in ("I", "II"))


def test_even_beats_in_good_leads_are_sure_and_those_in_poor_leads_are_not() -> None:
    seen = window(SIGNAL, leads=("I", "II"))
    beats = [Beat(100 + 200 * k, None, (), ()) for k in range(6)]
    sure, unsure = (confidence_in(seen, quality, beats) for quality in (GOOD, POOR))
    assert sure is not None
    assert unsure is not None
    assert sure > 0.97
    assert unsure < 0.9


def test_the_mean_moves_by_its_share_of_the_time() -> None:
    history = History(certainty=1.0, certain_index=0)
    after = follow_certainty(history, 0.0, window(SIGNAL, leads=("I", "II")))
    assert after.certainty == pytest.approx(1.0 - 5.0 / CERTAINTY_S)
    assert after.certain_index == SIGNAL.shape[1]


def test_after_a_long_hole_only_the_newest_window_counts() -> None:
    late = window(SIGNAL, start_index=100_000, leads=("I", "II"))
    after = follow_certainty(History(certainty=1.0, certain_index=0), None, late)
    assert after.certainty == 0.0
