"""A small convolutional network that tells where waves begin, peak and end.

It sees one lead of one beat on the grid of ``segments``, the activity of all leads together, and
how far the neighbouring beats are. For each of eight points it gives a score at every 4 ms: the
softmax over time is the probability that an expert marks the point there. How it was trained is
in ``ecgd/evaluation/boundary_training.py``, why it is here in docs/adr/0020.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

import numpy as np

from ecgd.features.segments import BEFORE_S, GRID_HZ, Segments
from ecgd.model.order import median_of
from ecgd.model.signal import Float32Array, FloatArray

MARKS: Final = ("p_onset", "p_peak", "p_end", "qrs_onset", "qrs_end", "t_onset", "t_peak", "t_end")
"""The points, in the order of the scores."""

STEPS: Final = 300
STEP_S: Final = 2 / GRID_HZ
"""The network's time axis: every other point of the grid, from ``BEFORE_S`` before the R peak."""

CHANNELS: Final = 11
PLACES: Final = STEPS // 2
"""Two steps lie at a place."""

ROWS_AT_ONCE: Final = 12
"""Two beats in six leads. More rows need arrays that the processor's cache does not hold."""

ABSENCE_SCORE: Final = 3.0
"""The score of "there is no such wave" beside those of its peak at every step."""

LARGEST_SLOPE: Final = 25.0
VALUE_FACTOR: Final = 20.0
SLOW_FACTOR: Final = 3.0
"""Inputs are relative to the QRS complex's steepest slope over all leads, and are compressed."""

_QRS_STEPS: Final = slice(60, 141)
_LEAST_SLOPE: Final = 1e-3
_AT_S: Final = np.arange(PLACES) * 2 * STEP_S + STEP_S / 2 - BEFORE_S
_RAMP_S: Final = (-0.1, 0.6)
_RAMP_FACTOR: Final = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One convolution: ``matrix`` is (out, tap × in), ``bias`` (out, 1)."""

    matrix: Float32Array
    bias: Float32Array
    dilation: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The layers: in, to half the rate, ``blocks`` there, back, and out."""

    stem: Layer
    down: Layer
    blocks: tuple[Layer, ...]
    up: Layer
    merge: Layer
    heads: Layer


@lru_cache(maxsize=1)
def shipped_network() -> Network:
    """Return the network that was trained on every record there is."""
    return read_network(str(files("ecgd.features") / "boundary_network.npz"))


def read_network(path: str, prefix: str = "") -> Network:
    """Return the network whose arrays' names begin with ``prefix`` in an .npz file."""
    with np.load(path, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files if name.startswith(prefix)}

    def layer(name: str, dilation: int = 1) -> Layer:
        matrix = arrays[f"{prefix}{name}.matrix"].astype(np.float32)
        bias = arrays[f"{prefix}{name}.bias"].astype(np.float32)
        return Layer(matrix, bias[:, None], dilation)

    dilations = arrays[f"{prefix}dilations"].tolist()
    blocks = tuple(layer(f"block{k}", dilation) for k, dilation in enumerate(dilations))
    return Network(
        layer("stem"), layer("down"), blocks, layer("up"), layer("merge"), layer("heads")
    )


def network_input(
    segments: Segments, rr_before_s: FloatArray, rr_after_s: FloatArray
) -> Float32Array:
    """Return what the network sees, shape (channel, row, place); a row is a beat's lead.

    Channels: value and slope of the lead, fine and coarse activity of all leads, each at both
    steps of a place; then the time from this beat's R peak, the last one's and to the next one's.
    """
    beats, leads, _ = segments.fine_mv.shape
    value = segments.fine_mv[:, :, : 2 * STEPS : 2]
    slope = segments.fine_slope[:, :, : 2 * STEPS : 2]
    slow = segments.coarse_slope[:, :, : 2 * STEPS : 2]
    fast_activity = np.sqrt((slope**2).mean(axis=1))
    slow_activity = np.sqrt((slow**2).mean(axis=1))
    steepest = np.maximum(fast_activity[:, _QRS_STEPS].max(axis=1), _LEAST_SLOPE)
    unit = (LARGEST_SLOPE / steepest)[:, None]
    level = median_of(value[:, :, ::4])[:, :, None]
    own = np.empty((2, beats, leads, STEPS), dtype=np.float32)
    own[0] = (value - level) * (VALUE_FACTOR * unit[:, None])
    own[1] = slope * unit[:, None]
    common = np.empty((2, beats, 1, STEPS), dtype=np.float32)
    common[0, :, 0] = fast_activity * unit
    common[1, :, 0] = slow_activity * (SLOW_FACTOR * unit)
    laid = np.empty((CHANNELS, beats, leads, PLACES), dtype=np.float32)
    for first, seen in ((0, own), (4, common)):
        np.arcsinh(seen, out=seen)
        laid[first : first + 4 : 2] = seen[..., 0::2]
        laid[first + 1 : first + 4 : 2] = seen[..., 1::2]
    laid[8] = _RAMP_FACTOR * _AT_S
    laid[9] = _RAMP_FACTOR * (_AT_S + rr_before_s[:, None]).clip(*_RAMP_S)[:, None]
    laid[10] = _RAMP_FACTOR * (rr_after_s[:, None] - _AT_S).clip(*_RAMP_S)[:, None]
    return laid.reshape(CHANNELS, beats * leads, PLACES)


def score_marks(network: Network, seen: Float32Array) -> Float32Array:
    """Return the score of each mark at each step, shape (row, mark, step)."""
    kernels = _unfolded(network)
    starts = range(0, seen.shape[1], ROWS_AT_ONCE)
    parts = [_score(kernels, seen[:, start : start + ROWS_AT_ONCE]) for start in starts]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


@dataclass(frozen=True, slots=True, eq=False)
class _Kernels:
    """The layers as they are computed: on places in pairs, the channels of the even place first.

    So nothing has to be taken apart where the rate is halved, nor put together behind. Each is
    (in + 1, out), the offset last, which a channel of ones brings in; three of them are (3, in + 1,
    out), for the pair before, at and behind. ``merge`` sees its own pair, ``merge_before`` the odd
    place before and ``merge_behind`` the even place behind.
    """

    stem: Float32Array
    down: Float32Array
    blocks: tuple[tuple[Float32Array, int], ...]
    up: Float32Array
    merge: Float32Array
    merge_before: Float32Array
    merge_behind: Float32Array
    heads: Float32Array


@lru_cache(maxsize=8)
def _unfolded(network: Network) -> _Kernels:
    narrow = network.stem.bias.size
    before, at, behind = network.merge.matrix.reshape(narrow, 3, narrow).transpose(1, 2, 0)
    heads = network.heads.matrix.T
    nothing = np.zeros_like(heads)
    return _Kernels(
        _triple(_in_pairs(network.stem)),
        _triple(network.down),
        tuple((_triple(block), block.dilation) for block in network.blocks),
        _with_offset(network.up.matrix.T, network.up.bias),
        _with_offset(np.block([[at, before], [behind, at]]), _twice(network.merge.bias)),
        np.ascontiguousarray(before),
        np.ascontiguousarray(behind),
        _with_offset(np.block([[heads, nothing], [nothing, heads]]), _twice(network.heads.bias)),
    )


def _in_pairs(layer: Layer) -> Layer:
    """Return a layer of five taps as one of three on pairs of places."""
    outputs = layer.bias.size
    taps = layer.matrix.reshape(outputs, 5, CHANNELS)
    pairs = np.zeros((2, outputs, 6, CHANNELS), dtype=np.float32)
    pairs[0, :, :5], pairs[1, :, 1:] = taps, taps
    return Layer(pairs.reshape(2 * outputs, -1), _twice(layer.bias))


def _twice(bias: Float32Array) -> Float32Array:
    return np.concatenate((bias, bias))


def _triple(layer: Layer) -> Float32Array:
    outputs = layer.bias.size
    before, at, behind = layer.matrix.reshape(outputs, 3, -1).transpose(1, 2, 0)
    none = np.zeros_like(layer.bias)
    offsets = (none, layer.bias, none)
    pairs = zip((before, at, behind), offsets, strict=True)
    return np.stack([_with_offset(matrix, offset) for matrix, offset in pairs])


def _with_offset(matrix: Float32Array, offset: Float32Array) -> Float32Array:
    return np.concatenate((matrix, offset.reshape(1, -1)))


def _score(kernels: _Kernels, seen: Float32Array) -> Float32Array:
    rows, places = seen.shape[1], seen.shape[1] * PLACES // 2
    pairs = seen.reshape(CHANNELS, rows, PLACES // 2, 2).transpose(1, 2, 3, 0)
    first = _with_ones(_convolve(_with_ones(pairs.reshape(places, -1)), kernels.stem, rows))
    wide = _with_ones(_convolve(first, kernels.down, rows))
    for block, dilation in kernels.blocks:
        wide[:, :-1] += _convolve(wide, block, rows, dilation)
    first[:, :-1] = _positive(wide @ kernels.up + first[:, :-1])
    narrow = kernels.merge_before.shape[0]
    merged = (first @ kernels.merge).reshape(rows, PLACES // 2, -1)
    odd, even = first[:, narrow:-1] @ kernels.merge_before, first[:, :narrow] @ kernels.merge_behind
    merged[:, 1:, :narrow] += odd.reshape(rows, PLACES // 2, -1)[:, :-1]
    merged[:, :-1, narrow:] += even.reshape(rows, PLACES // 2, -1)[:, 1:]
    scores = _with_ones(_positive(merged.reshape(places, -1))) @ kernels.heads
    by_mark = scores.reshape(rows, PLACES // 2, 2, len(MARKS), 2).transpose(0, 3, 1, 2, 4)
    return by_mark.reshape(rows, len(MARKS), STEPS)


def _with_ones(values: Float32Array) -> Float32Array:
    """Return values (place, channel) with a channel of ones behind them."""
    wider = np.empty((values.shape[0], values.shape[1] + 1), dtype=np.float32)
    wider[:, :-1] = values
    wider[:, -1] = 1.0
    return wider


def _positive(values: Float32Array) -> Float32Array:
    # Against a whole array of zeros: numpy is four times as slow with a single one.
    return np.maximum(values, np.zeros_like(values), out=values)


def _convolve(
    values: Float32Array, kernel: Float32Array, rows: int, reach: int = 1
) -> Float32Array:
    """Return the positive part of a layer of three taps; what lies beyond a row's ends is 0."""
    before, at, behind = (values @ kernel).reshape(3, rows, PLACES // 2, -1)
    at[:, reach:] += before[:, :-reach]
    at[:, :-reach] += behind[:, reach:]
    return _positive(at.reshape(values.shape[0], -1))
