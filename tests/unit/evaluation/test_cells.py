"""Cells of the tables."""

from __future__ import annotations

from math import nan

from ecgd.evaluation.cells import percent, percent_true


def test_shares_are_given_in_per_cent_and_none_as_a_dash() -> None:
    assert percent(0.98765) == "98.77 %"
    assert percent(0.98765, 1) == "98.8 %"
    assert percent(nan) == "–"
    assert percent_true(value > 1 for value in (1, 2, 3)) == "66.7 %"
    assert percent_true([]) == "–"
