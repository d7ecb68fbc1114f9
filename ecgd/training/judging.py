"""What the quantised networks are worth on patients who taught them nothing, and how they are
calibrated.

Calibration and figures share the validation patients: what is reported was calibrated on one half
of them and read off the other; what is shipped was calibrated on all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final
from zlib import crc32

import numpy as np

from ecgd.config.settings import EnsembleSettings
from ecgd.ensemble.fusion import MEMBERS, member_key
from ecgd.evaluation.logistic import fit_platt, logit, sigmoid
from ecgd.model.network_label import ANOMALY, HEADS, PROGRESSION
from ecgd.model.signal import BoolArray, Float32Array, FloatArray
from ecgd.training.gathering import Gathered, Variant

Calibration = tuple[float, float]
"""Slope and intercept: P = sigmoid(slope * logit + intercept)."""

AS_IS: Final[Calibration] = (1.0, 0.0)

LEAST_TOLD: Final = 8
"""A label with fewer recordings of either kind is not calibrated: its logit is taken as it is."""

LONG_STEP: Final = 3
"""Every so many moments of a long recording are judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Moments that are judged. ``truth`` (moment, label) of the member's own labels by member.

    ``logits`` (moment, label) by member, NaN where it could not see the moment. ``is_short``:
    the one moment of a short recording as it is, the last; the others are of long recordings, or
    ``simulated``: with an injury or a course of ST that nobody had.
    """

    patients: tuple[str, ...]
    collections: tuple[str, ...]
    processing: tuple[str, ...]
    simulated: BoolArray
    is_short: BoolArray
    truth: Mapping[str, Float32Array]
    logits: Mapping[str, FloatArray]

    @property
    def halves(self) -> BoolArray:
        """Which half of the patients each moment belongs to, by a hash; shape (moment,)."""
        return np.array([crc32(f"half {name}".encode()) % 2 == 0 for name in self.patients])

    @property
    def weights(self) -> FloatArray:
        """What each moment counts in a calibration: all of one patient as much as one."""
        _, codes, counts = np.unique(self.patients, return_inverse=True, return_counts=True)
        shares: FloatArray = 1.0 / counts[codes]
        return shares


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """One calibration for each label of each member, and one for the mean of some members."""

    members: Mapping[str, tuple[Calibration, ...]]
    fused: Mapping[str, Calibration]


def judged_moments(gathered: Gathered) -> BoolArray:
    """Return which validation moments are judged; shape (moment,).

    Of short recordings, as they are or with an injury, the last moment, of long ones every third,
    with and without a simulated course.
    """
    owners = gathered.owners
    plain = np.array([variant is not Variant.NOISY for variant in gathered.variants])[owners]
    is_long = np.array([entry.is_long for entry in gathered.entries])[owners]
    last = np.append(owners[1:] != owners[:-1], True) if owners.size else plain
    first = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
    place = np.arange(owners.size) - np.repeat(first, np.diff(np.append(first, owners.size)))
    chosen: BoolArray = gathered.validates & plain
    return chosen & np.where(is_long, place % LONG_STEP == 0, last)


def calibrate(cohort: Cohort, chosen: BoolArray | None = None) -> Calibrated:
    """Return calibrations fitted on some of the moments, None: on all.

    The fused label is calibrated where a person's whole ECG was judged by experts: on the short
    recordings. The mean of several members gets a calibration of its own.
    """
    rows = np.ones(len(cohort.patients), np.bool_) if chosen is None else chosen
    members = {
        name: tuple(
            _platt(
                cohort.logits[name][:, k],
                cohort.truth[name][:, k],
                rows & rows_of(cohort, label),
                cohort.weights,
            )
            for k, label in enumerate(HEADS[name])
        )
        for name in cohort.logits
    }
    fused: dict[str, Calibration] = {}
    for count in range(2, len(members) + 1):
        for names in combinations([name for name in MEMBERS if name in members], count):
            mean = mean_of(cohort, members, names)
            truth = cohort.truth[names[0]][:, 0]
            known = rows & cohort.is_short
            fused[member_key(names)] = _platt(logit(mean), truth, known, cohort.weights)
    return Calibrated(members, fused)


def rows_of(cohort: Cohort, label: str) -> BoolArray:
    """Return the moments that a label is judged by; shape (moment,).

    The fused one by short recordings, whose whole ECG experts have read; what evolves by
    simulations as well, for there is hardly anything else; the others by what is real.
    """
    if label == ANOMALY:
        return cohort.is_short
    everything: BoolArray = ~cohort.simulated | (label in PROGRESSION)
    return everything


def cross_calibrated(cohort: Cohort) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Return probabilities by member (moment, label), and fused ones (moment,) by members' key.

    Each half of the patients is calibrated by the other.
    """
    halves = cohort.halves
    members = {name: np.full_like(logits, np.nan) for name, logits in cohort.logits.items()}
    fused: dict[str, FloatArray] = {}
    for half in (halves, ~halves):
        found = calibrate(cohort, ~half)
        for name, told in members.items():
            told[half] = probabilities(cohort.logits[name], found.members[name])[half]
        for key, platt in found.fused.items():
            mean = mean_of(cohort, found.members, key.split("+"))
            whole = fused.setdefault(key, np.full(len(cohort.patients), np.nan))
            whole[half] = sigmoid(platt[0] * logit(mean) + platt[1])[half]
    return members, {key: np.where(seen_by(cohort, key), p, np.nan) for key, p in fused.items()}


def seen_by(cohort: Cohort, key: str) -> BoolArray:
    """Return which moments all members of a key could see."""
    seen = [np.isfinite(cohort.logits[name][:, 0]) for name in key.split("+")]
    everyone: BoolArray = np.logical_and.reduce(seen)
    return everyone


def probabilities(logits: FloatArray, platts: Sequence[Calibration]) -> FloatArray:
    """Return calibrated probabilities of logits (moment, label), NaN where there is no logit."""
    slopes = np.array([slope for slope, _ in platts])
    intercepts = np.array([intercept for _, intercept in platts])
    return np.where(
        np.isfinite(logits), sigmoid(np.nan_to_num(logits) * slopes + intercepts), np.nan
    )


def mean_of(
    cohort: Cohort, members: Mapping[str, Sequence[Calibration]], names: Sequence[str]
) -> FloatArray:
    """Return the weighted mean of members' probabilities of the fused label, as it is fused."""
    weights = default_weights()
    told = [probabilities(cohort.logits[name], members[name])[:, 0] for name in names]
    own = np.array([weights[name] for name in names])
    mean: FloatArray = np.tensordot(own, np.nan_to_num(np.array(told)), 1) / own.sum()
    return mean


def default_weights() -> dict[str, float]:
    """Return the weights that the ensemble has unless the configuration says otherwise."""
    usual = EnsembleSettings()
    each = (usual.cnn_weight, usual.lstm_weight, usual.rnn_weight)
    return dict(zip(MEMBERS, each, strict=True))


def _platt(
    logits: FloatArray, truth: Float32Array, rows: BoolArray, weights: FloatArray
) -> Calibration:
    known = rows & (truth >= 0.0) & np.isfinite(logits)
    holds = truth[known] > 0.5
    if min(int(holds.sum()), int((~holds).sum())) < LEAST_TOLD:
        return AS_IS
    try:
        return fit_platt(logits[known], holds, weights[known])
    except ValueError:
        return AS_IS
