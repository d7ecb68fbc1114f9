"""Examples made different each time they are learned from: leads, noise, polarity, place, edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.evaluation.boundary_examples import Example
from ecgd.features.boundary_network import PLACES, network_input
from ecgd.features.segments import GRID_HZ, POINTS, R_AT, Segments
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import BoolArray, Float32Array, FloatArray, IntArray

ALL_LEADS_SHARE: Final = 0.6
PAIR_SHARE: Final = 0.2
"""Shares of beats seen with all leads, with the measured two; of the rest one lead is seen."""

NOISY_SHARE: Final = 0.5
NOISE_LOG10: Final = (-2.3, -0.9)
"""RMS of the noise as a share of the QRS complex, in decades."""

SHIFT_SD: Final = 3.0
SHIFT_MAX: Final = 12
"""How far the R peak may be off, in grid points."""

TURNED_SHARE: Final = 0.3
UNKNOWN_RR_SHARE: Final = 0.15
CUT_SHARE: Final = 0.1
CUT_BEFORE_S: Final = (-0.40, -0.12)
CUT_AFTER_S: Final = (0.32, 0.80)
"""The window ends somewhere before or behind the beat; the last sample is held."""

STRETCHED_SHARE: Final = 0.35
LATER_P_S: Final = (-0.15, 0.03)
QRS_FACTOR: Final = (0.9, 1.6)
T_FACTOR: Final = (0.8, 1.5)
"""A share of the beats has P nearer to the QRS complex or further off, another a wider complex,
a third T and what follows at another distance: long PR and QT are rare among the marked records."""

USUAL_PLACES_S: Final = (-0.20, -0.15, -0.10, -0.045, 0.045, 0.2, 0.3, 0.4)
"""Of the marks, where a beat has none."""

LEFT_S: Final = 2.0
RIGHT_S: Final = 2.0
_QRS: Final = slice(R_AT - 50, R_AT + 70)


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Inputs (row, channel, place) and what experts marked (row, mark), in s."""

    seen: Float32Array
    marks_s: FloatArray

    @property
    def rows(self) -> int:
        return int(self.seen.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Beats:
    """Beats of one database: signal (beat, 2, 3, point), rr (beat, 2), marks (beat, lead, mark)."""

    signal: Float32Array
    rr_s: FloatArray
    marks_s: FloatArray


def make_lesson(
    examples: Sequence[Example],
    noise: Float32Array,
    rng: np.random.Generator,
    *,
    stretched: bool = False,
) -> Lesson:
    """Return every example once, changed; ``noise`` is (piece, 2, 3, point).

    ``stretched``: intervals within the beats are changed too.
    """
    parts: list[Lesson] = []
    for database in ("ludb", "qtdb", "ptbxl"):
        chosen = [each for each in examples if each.database == database]
        if chosen:
            beats = _stacked(chosen)
            beats = _stretched(beats, rng) if stretched else beats
            parts += _taught(_changed(beats, noise, rng), database, rng)
    return Lesson(
        np.concatenate([part.seen for part in parts]),
        np.concatenate([part.marks_s for part in parts]),
    )


def plain_lesson(examples: Sequence[Example]) -> Lesson:
    """Return the examples of one database as they are, seen with all their leads."""
    beats = _stacked(examples)
    return _seen(beats, _mixes(examples[0].database), np.arange(beats.marks_s.shape[1]))


def _stacked(examples: Sequence[Example]) -> _Beats:
    return _Beats(
        np.stack([each.signal for each in examples]),
        np.array([each.rr_s for each in examples]),
        np.stack([each.marks for each in examples]),
    )


def _mixes(database: str) -> FloatArray:
    """Return the leads that are seen, from the two that are kept: (lead, 2)."""
    if database == "qtdb":
        return np.eye(2)
    return np.array([DERIVATION[lead] for lead in LIMB_LEADS])


def _stretched(beats: _Beats, rng: np.random.Generator) -> _Beats:
    """Change PR, QRS and QT: time is a line of other slopes between P, QRS and what follows."""
    count = len(beats.signal)
    known_s = np.where(np.isfinite(beats.marks_s), beats.marks_s, np.nan)
    nowhere = np.isnan(known_s).all(axis=1)
    known_s[:, 0] = np.where(nowhere, USUAL_PLACES_S, known_s[:, 0])
    middle_s = np.nanmedian(known_s, axis=1)
    p_end, onset, end = middle_s[:, 2], middle_s[:, 3], middle_s[:, 4]
    p_end, onset, end = np.minimum(p_end, onset - 0.008), np.minimum(onset, -0.008), end.clip(0.008)
    moved_s = _drawn(rng, count, LATER_P_S, 0.0)
    wider = _drawn(rng, count, QRS_FACTOR, 1.0)
    later = _drawn(rng, count, T_FACTOR, 1.0)
    new_onset, new_end = onset * wider, end * wider
    new_p_end = np.minimum(p_end + moved_s, onset - 0.004) + new_onset - onset
    knots = np.stack([p_end - LEFT_S, p_end, onset, end, end + RIGHT_S], axis=1)
    moved = np.stack(
        [new_p_end - LEFT_S, new_p_end, new_onset, new_end, new_end + RIGHT_S * later], axis=1
    )
    signal, marks_s, rr_s = beats.signal.copy(), beats.marks_s.copy(), beats.rr_s.copy()
    for k in np.flatnonzero((moved != knots).any(axis=1)):
        signal[k] = _warped(beats.signal[k], moved[k], knots[k])
        finite = np.isfinite(marks_s[k])
        marks_s[k][finite] = np.interp(marks_s[k][finite], knots[k], moved[k])
        rr_s[k] = np.interp((-rr_s[k, 0], rr_s[k, 1]), knots[k], moved[k]) * (-1.0, 1.0)
    return _Beats(signal, rr_s, np.where(_beyond_grid(marks_s), np.nan, marks_s))


def _drawn(
    rng: np.random.Generator, count: int, span: tuple[float, float], usual: float
) -> FloatArray:
    drawn = np.full(count, usual)
    changed = np.flatnonzero(rng.random(count) < STRETCHED_SHARE)
    drawn[changed] = rng.uniform(*span, changed.size)
    return drawn


def _warped(signal: Float32Array, moved: FloatArray, knots: FloatArray) -> Float32Array:
    """Return the beat (2, 3, point) with its ``knots`` at the times ``moved``."""
    at_s = (np.arange(POINTS) - R_AT) / GRID_HZ
    source = (np.interp(at_s, moved, knots) * GRID_HZ + R_AT).clip(0, POINTS - 1.001)
    low = source.astype(np.int64)
    share = (source - low).astype(np.float32)
    warped = signal[..., low] * (1 - share) + signal[..., low + 1] * share
    warped[:, 1:] *= np.gradient(source).astype(np.float32)
    return warped


def _beyond_grid(marks_s: FloatArray) -> BoolArray:
    """Tell the marks of P waves that begin, and of T waves that end, off the grid."""
    first_s, last_s = -R_AT / GRID_HZ, (POINTS - 1 - R_AT) / GRID_HZ
    beyond = np.zeros(marks_s.shape, dtype=np.bool_)
    early = (marks_s[..., :3] < first_s + 0.01) & np.isfinite(marks_s[..., :3])
    late = (marks_s[..., 5:] > last_s - 0.01) & np.isfinite(marks_s[..., 5:])
    beyond[..., :3] = early.any(axis=-1, keepdims=True)
    beyond[..., 5:] = late.any(axis=-1, keepdims=True)
    return beyond


def _changed(beats: _Beats, noise: Float32Array, rng: np.random.Generator) -> _Beats:
    count = beats.signal.shape[0]
    signal = beats.signal + _noise_for(beats.signal, noise, rng)
    shift = np.clip(np.rint(rng.normal(0.0, SHIFT_SD, count)), -SHIFT_MAX, SHIFT_MAX).astype(int)
    at = np.clip(np.arange(POINTS) - shift[:, None], 0, POINTS - 1)
    signal = np.take_along_axis(signal, at[:, None, None, :], axis=-1)
    marks_s = beats.marks_s + (shift / GRID_HZ)[:, None, None]
    signal = signal * _signs(rng, count, TURNED_SHARE)
    rr_s = beats.rr_s.copy()
    unknown = np.flatnonzero(rng.random(count) < UNKNOWN_RR_SHARE)
    rr_s[unknown, 1] = rr_s[unknown, 0] * rng.uniform(0.8, 1.2, unknown.size)
    return _cut(_Beats(signal.astype(np.float32), rr_s, marks_s), rng)


def _noise_for(signal: Float32Array, noise: Float32Array, rng: np.random.Generator) -> Float32Array:
    count = signal.shape[0]
    pieces = noise[rng.integers(0, len(noise), count)]
    turned = rng.random(count) < 0.5
    pieces[turned] = pieces[turned][:, ::-1]
    value = pieces[:, :, 0] - pieces[:, :, 0].mean(axis=-1, keepdims=True)
    rms = np.sqrt((value**2).mean(axis=(1, 2))) + 1e-6
    height = np.ptp(signal[:, :, 0, _QRS], axis=-1).max(axis=1)
    size = height * 10 ** rng.uniform(*NOISE_LOG10, count) / rms
    size[rng.random(count) >= NOISY_SHARE] = 0.0
    added: Float32Array = pieces * _signs(rng, count, 0.5) * size[:, None, None, None]
    return added.astype(np.float32)


def _signs(rng: np.random.Generator, count: int, share: float) -> Float32Array:
    signs = np.ones((count, 1, 1, 1), dtype=np.float32)
    signs[rng.random(count) < share] = -1.0
    return signs


def _cut(beats: _Beats, rng: np.random.Generator) -> _Beats:
    """Hold some beats' first or last sample, as at a window's ends; marks beyond are unknown."""
    count = beats.signal.shape[0]
    at_s = (np.arange(POINTS) - R_AT) / GRID_HZ
    cut = rng.random((2, count)) < CUT_SHARE
    first_s = np.where(cut[0], rng.uniform(*CUT_BEFORE_S, count), -np.inf)
    last_s = np.where(cut[1], rng.uniform(*CUT_AFTER_S, count), np.inf)
    lost = (at_s < first_s[:, None]) | (at_s > last_s[:, None])
    kept = np.clip(
        np.arange(POINTS),
        np.searchsorted(at_s, first_s)[:, None],
        np.searchsorted(at_s, last_s)[:, None].clip(max=POINTS) - 1,
    )
    signal = beats.signal.copy()
    signal[:, :, 0] = np.take_along_axis(signal[:, :, 0], kept[:, None, :], axis=-1)
    signal[:, :, 1:] = np.where(lost[:, None, None, :], 0.0, signal[:, :, 1:])
    marks_s = np.where(_out_of_sight(beats.marks_s, first_s, last_s), np.nan, beats.marks_s)
    return _Beats(signal, beats.rr_s, marks_s)


def _out_of_sight(marks_s: FloatArray, first_s: FloatArray, last_s: FloatArray) -> BoolArray:
    """Tell which marks nobody could set; the whole wave is unknown where its far end is."""
    low, high = first_s[:, None, None], last_s[:, None, None]
    lost: BoolArray = (marks_s < low) | (marks_s > high)
    lost[..., :3] = lost[..., :1] | lost[..., 1:2] | (np.isinf(marks_s[..., 1:2]) & (low > -0.4))
    lost[..., 5:] = lost[..., 6:7] | lost[..., 7:] | (np.isinf(marks_s[..., 6:7]) & (high < 0.8))
    return lost


def _taught(beats: _Beats, database: str, rng: np.random.Generator) -> Iterator[Lesson]:
    """Yield the beats as windows with all leads, two or one would show them."""
    mixes = _mixes(database)
    leads = int(beats.marks_s.shape[1])
    count = len(beats.signal)
    draw = rng.random(count)
    few = ALL_LEADS_SHARE if database == "qtdb" else ALL_LEADS_SHARE + PAIR_SHARE
    shown: list[tuple[FloatArray, IntArray, BoolArray]] = []
    shown.append((mixes, np.arange(leads), draw < ALL_LEADS_SHARE))
    if database != "qtdb":
        shown.append((mixes[:2], np.arange(2), (draw >= ALL_LEADS_SHARE) & (draw < few)))
    single = rng.integers(0, leads, count)
    shown += [
        (mixes[lead : lead + 1], np.array([lead]), (draw >= few) & (single == lead))
        for lead in range(leads)
    ]
    for mix, marked, chosen in shown:
        if chosen.any():
            part = _Beats(beats.signal[chosen], beats.rr_s[chosen], beats.marks_s[chosen])
            yield _seen(part, mix, marked)


def _seen(beats: _Beats, mix: FloatArray, marked: IntArray) -> Lesson:
    """Return what the network sees of the leads that are ``marked``."""
    mixed = np.einsum("lk,bkcp->bclp", mix.astype(np.float32), beats.signal)
    value, fine_slope, coarse_slope = (mixed[:, k] for k in range(3))
    segments = Segments(value, fine_slope, coarse_slope)
    laid = network_input(segments, beats.rr_s[:, 0], beats.rr_s[:, 1])
    each = laid.reshape(laid.shape[0], -1, mix.shape[0], PLACES)[:, :, : marked.size]
    seen = each.transpose(1, 2, 0, 3).reshape(-1, laid.shape[0], PLACES)
    return Lesson(seen, beats.marks_s[:, marked].reshape(-1, beats.marks_s.shape[2]))
