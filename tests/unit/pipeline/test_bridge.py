"""Short holes are bridged, long ones are left open."""

from __future__ import annotations

import numpy as np
import pytest

from ecgd.pipeline.bridge import bridge_short_holes

TIME = np.arange(200) / 250.0
SIGNAL = np.stack([0.3 * TIME**3 - TIME, 2 * TIME**2])


def with_hole(*spans: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    signal, valid = SIGNAL.copy(), np.ones(200, dtype=np.bool_)
    for start, stop in spans:
        signal[:, start:stop], valid[start:stop] = 99.0, False
    return signal, valid


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("start", [2, 57, 195])
def test_a_cubic_is_restored_exactly(start: int, length: int) -> None:
    signal, valid = with_hole((start, start + length))
    filled, known = bridge_short_holes(signal, valid, 3)
    is_inside = start + length + 2 <= 200
    assert known.all() == is_inside
    if is_inside:
        np.testing.assert_allclose(filled, SIGNAL, atol=1e-12)
    assert not valid[start:].all()
    assert signal[0, start] == 99.0


@pytest.mark.parametrize("span", [(50, 54), (0, 1), (1, 3), (199, 200), (0, 200)])
def test_what_is_too_long_or_has_nothing_beside_it_stays_open(span: tuple[int, int]) -> None:
    signal, valid = with_hole(span)
    _, known = bridge_short_holes(signal, valid, 3)
    np.testing.assert_array_equal(known, valid)


def test_a_bridge_does_not_stand_on_another() -> None:
    signal, valid = with_hole((50, 51), (52, 53), (80, 82))
    filled, known = bridge_short_holes(signal, valid, 3)
    assert np.flatnonzero(~known).tolist() == [50, 52]
    np.testing.assert_allclose(filled[:, 80:82], SIGNAL[:, 80:82], atol=1e-12)
