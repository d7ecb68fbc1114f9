"""What the networks are shown in one epoch: drawn moments, each changed a little, by seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.evaluation.corpus import LONG
from ecgd.model.network_label import HEADS, LABELS, MORPHOLOGY, RHYTHM
from ecgd.model.signal import BoolArray, Float32Array, FloatArray, IntArray
from ecgd.pipeline.model_inputs import (
    BEAT_FIGURES,
    MODEL_FS_HZ,
    STRIP_FS_HZ,
    STRIP_SAMPLES,
    WINDOW_SAMPLES,
    signal_frames,
    window_input,
)
from ecgd.pipeline.progression import LEAST_ROWS, NAMES, ROW_LIMIT, ROWS
from ecgd.training.gathering import Gathered, Variant

TAUGHT: Final[Mapping[str, tuple[str, ...]]] = {
    "cnn": (*HEADS["cnn"], *RHYTHM),
    "lstm": (*HEADS["lstm"], *MORPHOLOGY),
    "rnn": (*HEADS["rnn"], *MORPHOLOGY, *RHYTHM),
}
"""What each member is taught: its own labels first, then the other eyes', which it forgets again.

What makes an anomaly significant is more than one eye tells; learning to tell it apart helps with
the label that all share (Caruana, Multitask Learning, Machine Learning 28, 1997).
"""

LONG_DRAWN: Final = 12
"""So many moments of a long recording in one epoch; of a short one it is one."""

LONG_WEIGHT: Final = 0.5
"""What experts said of a long recording's rhythm says little of its morphology."""

NOISE_SHARE: Final = 0.4
NOISE_DB: Final = (3.0, 24.0)
LOSS_SHARE: Final = 0.3
GAIN_SPREAD: Final = 0.10
TURN_DEG: Final = 8.0
"""How often noise is added and a lead is lost; spread of each lead's gain, and of the frontal
plane's turn, as bodies and electrodes differ."""

FORGET_SHARE: Final = 0.1
ROW_NOISE: Final = 0.05
"""How often beat figures, or some figures of all rows, are unknown; noise on the figures."""

_FIXED: Final = np.array([name in ("known", "has_p", "is_paced") for name in NAMES])
_ST_COLUMNS: Final = np.array([name.startswith("st_") for name in NAMES])
_SIXTY: Final = np.pi / 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A batch: ``seen`` (row, ...), ``truth`` (row, label) of ``TAUGHT``, ``weights`` (row,)."""

    seen: Float32Array
    truth: Float32Array
    weights: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Recorded noise as the inputs' path leaves it: (stretch, 2, sample) at 250 and at 50 Hz."""

    windows_mv: Float32Array
    strips_mv: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """How much inputs are changed: 1 in training, 0 in validation."""

    noise: float = 1.0
    loss: float = 1.0
    shape: float = 1.0


STILL: Final = Change(0.0, 0.0, 0.0)


def usable(gathered: Gathered, member: str) -> BoolArray:
    """Return which moments a member can see, and of which something is said; shape (moment,)."""
    said: BoolArray = np.any(_taught_truth(gathered, member) >= 0.0, axis=1)
    if member == "lstm":
        return said & gathered.moments.has_strip
    if member == "rnn":
        collections = np.array([entry.collection in LONG for entry in gathered.entries])
        alone = ~collections[gathered.owners] & gathered.moments.has_strip
        return said & (gathered.moments.has_rows | alone)
    return said


def truth_of(gathered: Gathered, member: str) -> Float32Array:
    """Return the truth of a member's labels, shape (moment, label)."""
    columns = [LABELS.index(label) for label in HEADS[member]]
    return gathered.moments.truth[:, columns]


def _taught_truth(gathered: Gathered, member: str) -> Float32Array:
    return gathered.moments.truth[:, [LABELS.index(label) for label in TAUGHT[member]]]


def draw_moments(gathered: Gathered, fits: BoolArray, rng: np.random.Generator) -> IntArray:
    """Return one epoch's moments in a random order: one of each short recording, more of a long."""
    rows = np.flatnonzero(fits)
    owners = gathered.owners[rows]
    order = np.argsort(owners + rng.random(rows.size), kind="stable")
    ranked = owners[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    rank = np.arange(ranked.size) - np.repeat(starts, np.diff(np.append(starts, ranked.size)))
    is_long = np.array([entry.is_long for entry in gathered.entries])[ranked]
    chosen: IntArray = rows[order][rank < np.where(is_long, LONG_DRAWN, 1)]
    return rng.permutation(chosen)


def lessons(
    gathered: Gathered,
    member: str,
    chosen: IntArray,
    noise: Noise,
    rng: np.random.Generator,
    *,
    change: Change,
    batch: int,
) -> Iterator[Lesson]:
    """Yield moments in batches as a member sees them."""
    truth = _taught_truth(gathered, member)
    is_long = np.array([entry.is_long for entry in gathered.entries])[gathered.owners]
    look = _LOOKS[member]
    for first in range(0, chosen.size, batch):
        rows = chosen[first : first + batch]
        seen = look(gathered, rows, noise, rng, change)
        weights = np.where(is_long[rows], LONG_WEIGHT, 1.0).astype(np.float32)
        yield Lesson(seen.astype(np.float32), truth[rows], weights)


def _windows(
    gathered: Gathered, rows: IntArray, noise: Noise, rng: np.random.Generator, change: Change
) -> FloatArray:
    pairs_mv = gathered.moments.windows_mv[rows].astype(np.float64)
    seen = window_input(_changed(pairs_mv, noise.windows_mv, rng, change))
    assert seen is not None
    return seen


def _strips(
    gathered: Gathered, rows: IntArray, noise: Noise, rng: np.random.Generator, change: Change
) -> FloatArray:
    pairs_mv = gathered.moments.strips_mv[rows].astype(np.float64)
    beats = gathered.moments.beats[rows].astype(np.float64)
    frames = signal_frames(_changed(pairs_mv, noise.strips_mv, rng, change))
    forgotten = rng.random((rows.size, 1, len(BEAT_FIGURES))) < change.shape * FORGET_SHARE
    return np.concatenate((frames, np.where(forgotten, 0.0, beats)), axis=-1)


def _courses(
    gathered: Gathered, rows: IntArray, noise: Noise, rng: np.random.Generator, change: Change
) -> FloatArray:
    """Return rows of figures; a short recording's single row goes on as long ones vary."""
    seen = gathered.moments.rows[rows].astype(np.float64)
    alone = ~gathered.moments.has_rows[rows]
    if alone.any():
        seen[alone] = stretch_rows(seen[alone, -1], _variations(gathered, int(alone.sum()), rng))
    if change.shape > 0.0:
        known = seen[:, :, :1] > 0.0
        seen += np.where(known & ~_FIXED, ROW_NOISE * rng.standard_normal(seen.shape), 0.0)
        forgotten = rng.random((rows.size, 1, len(NAMES))) < FORGET_SHARE / 3
        no_st = rng.random((rows.size, 1, 1)) < FORGET_SHARE
        seen[np.broadcast_to((forgotten & ~_FIXED) | (no_st & _ST_COLUMNS), seen.shape)] = 0.0
        begins = rng.integers(0, ROWS - LEAST_ROWS + 1, (rows.size, 1))
        seen[np.arange(ROWS) < begins * (rng.random((rows.size, 1)) < 0.5)] = 0.0
    return np.clip(seen, -ROW_LIMIT, ROW_LIMIT)


_LOOKS: Final = {"cnn": _windows, "lstm": _strips, "rnn": _courses}


def stretch_rows(newest: FloatArray, variations: FloatArray) -> FloatArray:
    """Return (moment, 30, figure): each moment's row (moment, figure), varying as given."""
    stretched = newest[:, None, :] + np.where(_FIXED, 0.0, variations)
    return np.clip(stretched, -ROW_LIMIT, ROW_LIMIT)


def _variations(gathered: Gathered, count: int, rng: np.random.Generator) -> FloatArray:
    """Return how figures vary over minutes in long recordings as they are, (count, 30, figure)."""
    plain = np.array([variant is Variant.PLAIN for variant in gathered.variants])
    found = np.flatnonzero(gathered.moments.has_rows & plain[gathered.owners])
    if not found.size:
        return np.zeros((count, ROWS, len(NAMES)))
    rows = gathered.moments.rows[rng.choice(found, count)].astype(np.float64)
    known = rows[:, :, :1] > 0.0
    usual = np.nanmedian(np.where(known, rows, np.nan), axis=1, keepdims=True)
    return np.where(known, rows - usual, 0.0)


def _changed(
    pairs_mv: FloatArray, noise_mv: Float32Array, rng: np.random.Generator, change: Change
) -> FloatArray:
    """Return leads I and II (row, 2, sample) of other bodies, with noise, some with a lead lost.

    A lead that is not there stays lost; all changes are linear, as the path before them is.
    """
    count = len(pairs_mv)
    there = (np.abs(pairs_mv).max(axis=-1, keepdims=True) > 0.0).astype(np.float64)
    turned = _turn(pairs_mv, change.shape * TURN_DEG * rng.standard_normal(count), there)
    spread = change.shape * GAIN_SPREAD
    changed: FloatArray = turned * np.exp(spread * rng.standard_normal((count, 2, 1)))
    noisy = rng.random((count, 1, 1)) < change.noise * NOISE_SHARE
    added = noise_mv[rng.integers(len(noise_mv), size=count)]
    ratio = 10.0 ** (rng.uniform(*NOISE_DB, (count, 1, 1)) / 20.0)
    power_mv = changed.std(axis=(1, 2), keepdims=True)
    gain = power_mv / (ratio * np.maximum(1e-6, added.std(axis=(1, 2), keepdims=True)))
    changed = (changed + noisy * gain * added) * there
    lost = rng.random(count) < change.loss * LOSS_SHARE
    lost &= there.all(axis=(1, 2))
    changed[lost, rng.integers(2, size=int(lost.sum()))] = 0.0
    return changed


def _turn(pairs_mv: FloatArray, by_deg: FloatArray, there: FloatArray) -> FloatArray:
    """Return the heart's vector turned in the frontal plane, where both leads show it."""
    lead_i, lead_ii = pairs_mv[:, :1], pairs_mv[:, 1:]
    upward = (lead_ii - np.cos(_SIXTY) * lead_i) / np.sin(_SIXTY)
    angle = np.radians(by_deg)[:, None, None] * there.all(axis=1, keepdims=True)
    x = np.cos(angle) * lead_i - np.sin(angle) * upward
    y = np.sin(angle) * lead_i + np.cos(angle) * upward
    return np.concatenate((x, np.cos(_SIXTY) * x + np.sin(_SIXTY) * y), axis=1)


def make_noise(stretches_mv: Float32Array) -> Noise:
    """Return noise (stretch, 2, sample) of ten seconds at 250 Hz for both inputs."""
    step = round(MODEL_FS_HZ / STRIP_FS_HZ)
    count = stretches_mv.shape[-1] // step * step
    slow = stretches_mv[..., :count].reshape(len(stretches_mv), 2, -1, step).mean(axis=-1)
    return Noise(stretches_mv[..., -WINDOW_SAMPLES:], slow[..., -STRIP_SAMPLES:])


def counts_of(gathered: Gathered, member: str, fits: BoolArray) -> Mapping[str, tuple[int, int]]:
    """Return for each label of a member how many recordings say that it holds, and that not."""
    truth = truth_of(gathered, member)
    counts = {}
    for k, label in enumerate(HEADS[member]):
        told = [np.unique(gathered.owners[fits & (truth[:, k] == value)]).size for value in (1, 0)]
        counts[label] = (told[0], told[1])
    return counts
