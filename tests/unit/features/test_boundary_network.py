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
    Layer,
    Network,
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
    return Segments(scale * value + offset_mv, scale * fine, scale * coarse)


def rows_of(count: int) -> Float32Array:
    return RNG.normal(0.0, 1.0, (CHANNELS, count, PLACES)).astype(np.float32)


def convolved(row: Float32Array, layer: Layer) -> Float32Array:
    """Return a layer's answer to one row (channel, place), tap by tap."""
    taps = layer.matrix.shape[1] // row.shape[0]
    reach = layer.dilation * (taps // 2)
    padded = np.pad(row, ((0, 0), (reach, reach)))
    width = row.shape[1]
    seen = [padded[:, start : start + width] for start in range(0, 2 * reach + 1, layer.dilation)]
    answer: Float32Array = layer.matrix @ np.concatenate(seen or [row]) + layer.bias
    return answer


def scored(row: Float32Array, network: Network) -> Float32Array:
    """Return the scores of one row (channel, place), layer by layer, (mark, step)."""
    first = np.maximum(convolved(row, network.stem), 0)
    halved = np.concatenate((first[:, 0::2], first[:, 1::2]))
    wide = np.maximum(convolved(halved, network.down), 0)
    for block in network.blocks:
        wide = wide + np.maximum(convolved(wide, block), 0)
    back = convolved(wide, network.up).reshape(2, -1, PLACES // 2)
    whole = np.maximum(first + back.transpose(1, 2, 0).reshape(-1, PLACES), 0)
    merged = np.maximum(convolved(whole, network.merge), 0)
    scores = convolved(merged, network.heads).reshape(len(MARKS), 2, PLACES)
    return scores.transpose(0, 2, 1).reshape(len(MARKS), STEPS)


@pytest.mark.parametrize("scale", [0.01, 30.0])
def test_the_input_is_the_same_at_any_gain_and_offset(scale: float) -> None:
    plain = network_input(segments(), RR_S, RR_S)
    changed = network_input(segments(scale=scale, offset_mv=-7.0 * scale), RR_S, RR_S)
    np.testing.assert_allclose(changed, plain, atol=2e-4)


def test_the_input_tells_how_far_the_neighbours_are() -> None:
    near = network_input(segments(), np.array([0.4, 0.4]), np.array([0.5, 0.5]))
    far = network_input(segments(), np.array([1.5, 1.5]), np.array([1.5, 1.5]))
    np.testing.assert_array_equal(near[:9], far[:9])
    assert (near[9:] <= far[9:]).all()
    assert (near[9:] < far[9:]).any()


def test_a_row_is_scored_alike_alone_and_among_others() -> None:
    network, seen = shipped_network(), rows_of(5)
    together = score_marks(network, seen)
    assert together.shape == (5, len(MARKS), STEPS)
    for row in range(5):
        alone = score_marks(network, np.ascontiguousarray(seen[:, row : row + 1]))
        np.testing.assert_allclose(alone[0], together[row], atol=1e-3)


def test_scores_are_those_of_the_layers_one_by_one() -> None:
    network, seen = shipped_network(), rows_of(14)
    scores = score_marks(network, seen)
    for row in range(14):
        np.testing.assert_allclose(scores[row], scored(seen[:, row], network), atol=1e-3)


def test_garbage_is_scored_with_finite_figures() -> None:
    flat = Segments(*(np.zeros((2, 3, POINTS)) for _ in range(3)))
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
