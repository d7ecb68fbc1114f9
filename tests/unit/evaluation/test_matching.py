"""Which found beat belongs to which reference beat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgd.evaluation.matching import match_events
from ecgd.evaluation.scores import Counts


def test_a_beat_inside_the_window_is_found_and_one_outside_is_missed_and_extra() -> None:
    match = match_events([1.0, 2.0], [1.15, 2.1501])
    assert match.counts == Counts(found=1, missed=1, extra=1)
    assert match.missed_s == (2.0,)
    assert match.extra_s == (2.1501,)
    assert match.errors_s == pytest.approx([0.15])


def test_the_nearest_pair_goes_first_and_each_event_serves_once() -> None:
    match = match_events([1.0, 1.1], [1.09])
    assert match.pairs == ((1.1, 1.09),)
    assert match.counts == Counts(found=1, missed=1, extra=0)


def test_two_detections_of_one_beat_are_one_hit_and_one_extra() -> None:
    assert match_events([1.0], [0.95, 1.02]).counts == Counts(found=1, missed=0, extra=1)


TIMES = st.lists(st.integers(0, 400), max_size=5, unique=True).map(
    lambda ticks: sorted(tick / 100 for tick in ticks)
)


@given(TIMES, TIMES)
def test_every_event_is_counted_exactly_once(reference: list[float], found: list[float]) -> None:
    counts = match_events(reference, found).counts
    assert counts.found + counts.missed == len(reference)
    assert counts.found + counts.extra == len(found)


@given(TIMES, TIMES)
def test_an_event_is_left_over_only_if_no_free_partner_is_near(
    reference: list[float], found: list[float]
) -> None:
    match = match_events(reference, found)
    near = [(r, f) for r in match.missed_s for f in match.extra_s if abs(r - f) < 0.15 - 1e-9]
    assert near == []
