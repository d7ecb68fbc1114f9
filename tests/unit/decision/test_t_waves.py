"""T waves that were upright in the own baseline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from beat_shapes import DOWN, PLAIN, shape_of

from ecgd.decision.t_waves import newly_inverted_t
from ecgd.model.baseline import BEAT_POINTS, MedianBeat
from ecgd.model.morphology import LeadShape

SPAN = (130, 190)


def usual(t_i_mv: float, t_ii_mv: float) -> MedianBeat:
    signal = np.zeros((2, BEAT_POINTS))
    signal[:, 160] = t_i_mv, t_ii_mv
    return MedianBeat(signal, 70, 92, (10.0, 10.0), None, None, 0.9, 5)


def inverted(names: str, t_mv: float = -0.15) -> dict[str, LeadShape]:
    return {name: replace(PLAIN, t_mv=t_mv) for name in names.split()}


@pytest.mark.parametrize(
    ("leads", "t_mv", "before", "found"),
    [
        ("II aVF", -0.15, (0.2, 0.3), ("II", "aVF")),
        ("II aVF", -0.1, (0.2, 0.3), ()),
        ("II", -0.15, (0.2, 0.3), ()),
        ("I aVF", -0.15, (0.2, 0.3), ()),
        ("II aVF", -0.15, (-0.1, -0.2), ()),
    ],
)
def test_two_contiguous_leads_that_were_upright(
    leads: str, t_mv: float, before: tuple[float, float], found: tuple[str, ...]
) -> None:
    shape = shape_of(inverted(leads, t_mv))
    assert newly_inverted_t(shape, SPAN, usual(*before)) == found


def test_a_lead_without_a_prominent_r_does_not_count() -> None:
    small = {name: replace(DOWN, t_mv=-0.2) for name in ("II", "aVF")}
    assert newly_inverted_t(shape_of(small), SPAN, usual(0.2, 0.3)) == ()


def test_without_any_span_nothing_is_new() -> None:
    assert newly_inverted_t(shape_of(inverted("II aVF")), None, usual(0.2, 0.3)) == ()
