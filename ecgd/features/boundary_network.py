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
from ecgd.model.signal import Float32Array, FloatArray

MARKS: Final = ("p_onset", "p_peak", "p_end", "qrs_onset", "qrs_end", "t_onset", "t_peak", "t_end")
"""The points, in the order of the scores."""

STEPS: Final = 300
STEP_S: Final = 2 / GRID_HZ
"""The network's time axis: every other point of the grid, from ``BEFORE_S`` before the R peak."""

CHANNELS: Final = 11
PLACES: Final = STEPS // 2
GAP: Final = 16
WIDTH: Final = PLACES + GAP
"""Rows lie behind one another, two steps at a place, with zeros between them: no layer looks
further than the gap."""

ROWS_AT_ONCE: Final = 3
"""More rows need arrays that the allocator gives back to the system each time: twice as slow."""

ABSENCE_SCORE: Final = 3.0
"""The score of "there is no such wave" beside those of its peak at every step."""

LARGEST_SLOPE: Final = 25.0
VALUE_FACTOR: Final = 20.0
SLOW_FACTOR: Final = 3.0
"""Inputs are relative to the QRS complex's steepest slope over all leads, and are compressed."""

_QRS_STEPS: Final = slice(60, 141)
_LEAST_SLOPE: Final = 1e-3
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
    """Return what the network sees, shape (channel, row, ``WIDTH``); a row is a beat's lead.

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
    level = np.median(value[:, :, ::4], axis=2, keepdims=True)
    seen = np.empty((4, beats, leads, STEPS), dtype=np.float32)
    seen[0] = (value - level) * (VALUE_FACTOR * unit[:, None])
    seen[1] = slope * unit[:, None]
    seen[2] = (fast_activity * unit)[:, None]
    seen[3] = (slow_activity * (SLOW_FACTOR * unit))[:, None]
    np.arcsinh(seen, out=seen)
    laid = np.zeros((CHANNELS, beats, leads, WIDTH), dtype=np.float32)
    laid[0:8:2, ..., :PLACES] = seen[..., 0::2]
    laid[1:8:2, ..., :PLACES] = seen[..., 1::2]
    at_s = np.arange(PLACES) * 2 * STEP_S + STEP_S / 2 - BEFORE_S
    laid[8, ..., :PLACES] = _RAMP_FACTOR * at_s
    since_s = np.clip(at_s + rr_before_s[:, None], *_RAMP_S)
    until_s = np.clip(rr_after_s[:, None] - at_s, *_RAMP_S)
    laid[9, ..., :PLACES] = _RAMP_FACTOR * since_s[:, None]
    laid[10, ..., :PLACES] = _RAMP_FACTOR * until_s[:, None]
    return laid.reshape(CHANNELS, beats * leads, WIDTH)


def score_marks(network: Network, seen: Float32Array) -> Float32Array:
    """Return the score of each mark at each step, shape (row, mark, step)."""
    starts = range(0, seen.shape[1], ROWS_AT_ONCE)
    return np.concatenate(
        [_score(network, seen[:, start : start + ROWS_AT_ONCE]) for start in starts]
    )


def _score(network: Network, seen: Float32Array) -> Float32Array:
    rows = seen.shape[1]
    first = _bent(_convolve(seen.reshape(CHANNELS, -1), network.stem), rows)
    halved = np.concatenate((first[:, 0::2], first[:, 1::2]))
    wide = _bent(_convolve(halved, network.down), rows)
    for block in network.blocks:
        wide = wide + _bent(_convolve(wide, block), rows)
    back = _convolve(wide, network.up).reshape(2, *first[:, ::2].shape)
    whole = np.empty_like(first)
    whole[:, 0::2], whole[:, 1::2] = back
    whole = _bent(whole + first, rows)
    whole = np.maximum(_convolve(whole, network.merge), 0.0)
    scores = _convolve(whole, network.heads).reshape(len(MARKS), 2, rows, WIDTH)[..., :PLACES]
    return scores.transpose(2, 0, 3, 1).reshape(rows, len(MARKS), STEPS)


def _bent(rows_behind: Float32Array, rows: int) -> Float32Array:
    """Return the positive part, and zeros again between the rows."""
    np.maximum(rows_behind, 0.0, out=rows_behind)
    width = rows_behind.shape[1] // rows
    places = width * PLACES // WIDTH
    rows_behind.reshape(-1, rows, width)[:, :, places:] = 0.0
    return rows_behind


def _convolve(rows_behind: Float32Array, layer: Layer) -> Float32Array:
    channels, width = rows_behind.shape
    taps = layer.matrix.shape[1] // channels
    if taps > 1:
        reach = layer.dilation * (taps // 2)
        padded = np.zeros((channels, width + 2 * reach), dtype=np.float32)
        padded[:, reach : reach + width] = rows_behind
        starts = range(0, 2 * reach + 1, layer.dilation)
        rows_behind = np.concatenate([padded[:, start : start + width] for start in starts])
    answer: Float32Array = layer.matrix @ rows_behind
    answer += layer.bias
    return answer
