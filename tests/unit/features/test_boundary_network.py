"""The network's inputs and layers: what must not change an answer, and what it may cost."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from ecgd.features.boundary_network import (
    CHANNELS,
    MARKS,
    PLACES,
    STEPS,
    WIDTH,
    network_input,
    score_marks,
    shipped_network,
)
from ecgd.features.segments import POINTS, Segments
from ecgd.model.signal import Float32Array

RNG = np.random.default_rng(4)
RR_S = np.array([0.8, 0.7])


def segments(leads: int = 3, scale: float = 1.0, offset_mv: float = 0.0) -> Segments:
    rng = np.random.default_rng(5)
    value, fine, coarse = (rng.normal(0.0, 1.0, (2, leads, POINTS)) for _ in range(3))
    return Segments(scale * value + offset_mv, scale * fine, scale * value, scale * coarse)


def rows_of(count: int) -> Float32Array:
    seen = np.zeros((CHANNELS, count, WIDTH), dtype=np.float32)
    seen[..., :PLACES] = RNG.normal(0.0, 1.0, (CHANNELS, count, PLACES))
    return seen


@pytest.mark.parametrize("scale", [0.01, 30.0])
def test_the_input_is_the_same_at_any_gain_and_offset(scale: float) -> None:
    plain = network_input(segments(), RR_S, RR_S)
    changed = network_input(segments(scale=scale, offset_mv=-7.0 * scale), RR_S, RR_S)
    np.testing.assert_allclose(changed, plain, atol=2e-4)


def test_the_input_tells_how_far_the_neighbours_are() -> None:
    near = network_input(segments(), np.array([0.4, 0.4]), np.array([0.5, 0.5]))
    far = network_input(segments(), np.array([1.5, 1.5]), np.array([1.5, 1.5]))
    np.testing.assert_array_equal(near[:9], far[:9])
    assert (near[9:, :, :PLACES] <= far[9:, :, :PLACES]).all()
    assert (near[9:, :, :PLACES] < far[9:, :, :PLACES]).any()


def test_a_row_is_scored_alike_alone_and_among_others() -> None:
    network, seen = shipped_network(), rows_of(5)
    together = score_marks(network, seen)
    assert together.shape == (5, len(MARKS), STEPS)
    for row in range(5):
        alone = score_marks(network, np.ascontiguousarray(seen[:, row : row + 1]))
        np.testing.assert_allclose(alone[0], together[row], atol=1e-3)


def test_no_layer_looks_further_than_the_gap_between_rows() -> None:
    network = shipped_network()
    layers = (network.stem, network.merge, network.down, *network.blocks)
    narrow, wide = network.stem.bias.size, network.down.bias.size
    inputs = (CHANNELS, narrow, 2 * narrow, *[wide for _ in network.blocks])
    for layer, channels in zip(layers, inputs, strict=True):
        taps = layer.matrix.shape[1] // channels
        assert layer.dilation * (taps // 2) <= (WIDTH - PLACES) // 2


def test_garbage_is_scored_with_finite_figures() -> None:
    flat = Segments(*(np.zeros((2, 3, POINTS)) for _ in range(4)))
    for seen in (segments(scale=1e6), flat):
        scores = score_marks(shipped_network(), network_input(seen, RR_S, 9 * RR_S))
        assert np.isfinite(scores).all()


def test_the_shipped_network_is_small() -> None:
    network = shipped_network()
    ends = (network.stem, network.down, network.up, network.merge, network.heads)
    layers = (*ends, *network.blocks)
    assert sum(layer.matrix.size + layer.bias.size for layer in layers) <= 30_000
    weights = files("ecgd.features") / "boundary_network.npz"
    assert len(weights.read_bytes()) < 300_000
