"""Families of beats, the usual one among them, and what a new beat is held against."""

from __future__ import annotations

from dataclasses import astuple
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ecgd.features.beat_shape import R_POINT
from ecgd.features.class_model import trained
from ecgd.features.usual_beats import (
    FAMILIES,
    TRAITS,
    UsualBeats,
    compare_beats,
    follow_beats,
)
from ecgd.model.signal import FloatArray

FS_HZ = 250.0
POINTS = 151
AT_S = (np.arange(POINTS) - R_POINT) / 125.0


def narrow(height_mv: float = 1.0) -> FloatArray:
    row = height_mv * np.exp(-0.5 * (AT_S / 0.012) ** 2)
    row += 0.1 * height_mv * np.exp(-0.5 * ((AT_S + 0.16) / 0.02) ** 2)
    return np.stack((row, 0.6 * row))


def wide() -> FloatArray:
    row = -1.3 * np.exp(-0.5 * (AT_S / 0.035) ** 2)
    row += 0.5 * np.exp(-0.5 * ((AT_S - 0.27) / 0.05) ** 2)
    return np.stack((row, -0.4 * row))


def followed(
    shapes: list[FloatArray], rr_s: list[float], usual: UsualBeats | None = None
) -> UsualBeats:
    """Take beats in one at a time."""
    at = 0.0 if usual is None or usual.last_r_peak is None else usual.last_r_peak / FS_HZ
    for shape_mv, interval_s in zip(shapes, rr_s, strict=True):
        at += interval_s
        known, seen = compare_beats(
            usual,
            shape_mv[None],
            np.ones(2, np.bool_),
            (round(at * FS_HZ),),
            watched_from=0,
            fs_hz=FS_HZ,
        )
        usual = follow_beats(known, seen, 1)
    assert usual is not None
    return usual


def trait(name: str, usual: UsualBeats, shape_mv: FloatArray, used: list[bool]) -> float:
    assert usual.last_r_peak is not None
    seen = compare_beats(
        usual,
        shape_mv[None] * np.array(used)[:, None],
        np.array(used),
        (usual.last_r_peak + 200,),
        watched_from=0,
        fs_hz=FS_HZ,
    )[1]
    return float(seen.traits[0, TRAITS.index(name)])


def test_in_bigeminy_the_early_half_is_not_the_usual_one() -> None:
    usual = followed([wide(), narrow()] * 20, [0.5, 1.1] * 20)
    assert trait("like", usual, narrow(), [True, True]) > 0.99
    assert trait("like", usual, wide(), [True, True]) < 0.5
    assert trait("family_early", usual, wide(), [True, True]) < -0.3


def test_size_and_likeness_tell_a_larger_beat_from_another_one() -> None:
    usual = followed([narrow()] * 10, [0.8] * 10)
    assert trait("like", usual, narrow(2.0), [True, True]) == pytest.approx(1.0)
    assert trait("size", usual, narrow(2.0), [True, True]) == pytest.approx(np.log(2), abs=0.01)
    assert trait("relative_width", usual, wide(), [True, True]) > 0.5
    assert trait("t_concordant", usual, wide(), [True, True]) < -0.9


def test_a_lead_that_is_lost_takes_nothing_away() -> None:
    usual = followed([narrow()] * 10, [0.8] * 10)
    assert trait("like", usual, narrow(), [False, True]) == pytest.approx(1.0)
    assert trait("like", usual, wide(), [True, False]) < 0.5


def test_with_other_leads_beats_are_learned_anew() -> None:
    usual = followed([narrow()] * 10, [0.8] * 10)
    shape_mv = np.concatenate((narrow(), narrow()))[None, :3]
    known, _ = compare_beats(
        usual, shape_mv, np.ones(3, np.bool_), (9000,), watched_from=0, fs_hz=FS_HZ
    )
    assert known.shapes_mv.shape[:2] == (1, 3)
    assert known.pace == usual.pace


def test_families_stay_few_and_the_usual_one_stays() -> None:
    random = np.random.default_rng(1)
    usual = followed([narrow()] * 20, [0.8] * 20)
    strange = [random.normal(0.0, 1.0, (2, POINTS)) for _ in range(3 * FAMILIES)]
    usual = followed(strange, [0.8] * len(strange), usual)
    assert len(usual.counts) == FAMILIES
    assert trait("like", usual, narrow(), [True, True]) > 0.99


def test_a_value_is_not_changed_by_what_follows() -> None:
    usual = followed([narrow()] * 5, [0.8] * 5)
    before = [np.copy(cast("FloatArray", part)) for part in astuple(usual)[:4]]
    followed([wide(), narrow(1.2)], [0.5, 1.1], usual)
    for old, part in zip(before, astuple(usual)[:4], strict=True):
        np.testing.assert_array_equal(old, cast("FloatArray", part))


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.float64, (3, 2, POINTS), elements=st.floats(-1000, 1000, allow_nan=False, width=32)
    ),
    arrays.arrays(np.bool_, 2),
)
def test_any_shape_gives_figures(shapes_mv: FloatArray, used: np.ndarray) -> None:
    usual: UsualBeats | None = None
    for start in (200, 1000):
        usual, seen = compare_beats(
            usual,
            shapes_mv * used[:, None],
            used,
            (start, start + 60, start + 300),
            watched_from=0,
            fs_hz=FS_HZ,
        )
        assert np.isfinite(seen.traits).all()
        assert trained().probabilities(seen.traits).sum(axis=1) == pytest.approx(1.0)
        usual = follow_beats(usual, seen, 3)
