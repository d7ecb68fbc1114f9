"""From moments to figures of one detector and one label, with limits by a bootstrap by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np

from ecgd.evaluation.detection_figures import (
    Figure,
    Interval,
    auc,
    average_precision,
    brier,
    by_patient,
    sensitivity_at,
    share_above,
    specificity_at,
)
from ecgd.evaluation.ensemble_study import Condition, EnsembleRow
from ecgd.model.network_label import ANOMALY
from ecgd.model.signal import BoolArray, FloatArray

DRAWS: Final = 300
LEAST_TOLD: Final = 5
"""A label with fewer moments of either kind gets no figures."""

UNSEEN: Final = -1.0
"""Score of what nobody could see: the lowest."""

NO_FIGURE: Final = "–"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What one detector told of one label, at moments of which experts say whether it holds.

    ``holds``, ``scores`` (moment,): UNSEEN where it could not tell.
    """

    holds: BoolArray
    scores: FloatArray
    patients: tuple[str, ...]

    @property
    def counts(self) -> str:
        return f"{int(self.holds.sum())} / {int((~self.holds).sum())}"

    @property
    def can_rank(self) -> bool:
        """Whether there are enough of both kinds, and anything was told."""
        least = min(int(self.holds.sum()), int((~self.holds).sum()))
        return least >= LEAST_TOLD and bool((self.scores > UNSEEN).any())

    @property
    def told(self) -> Judged:
        """The moments that it could see."""
        seen = self.scores > UNSEEN
        patients = tuple(p for p, own in zip(self.patients, seen, strict=True) if own)
        return Judged(self.holds[seen], self.scores[seen], patients)

    def figure(self, figure: Figure) -> Interval:
        return by_patient(figure, self.holds, self.scores, self.patients, DRAWS)


def judge(rows: Sequence[EnsembleRow], detector: str, label: str) -> Judged:
    """Return the moments of which experts say whether the label holds."""
    own = [row for row in rows if row.holds(label) is not None]
    told = np.array([row.score(detector, label) for row in own], np.float64)
    return Judged(
        np.array([bool(row.holds(label)) for row in own], np.bool_),
        np.where(np.isnan(told), UNSEEN, told),
        tuple(row.patient for row in own),
    )


def short(rows: Sequence[EnsembleRow]) -> list[EnsembleRow]:
    """Return the moments of short recordings, whose whole ECG experts have read."""
    return [row for row in rows if not row.is_long]


def as_recorded(rows: Sequence[EnsembleRow]) -> list[EnsembleRow]:
    """Return the moments of recordings that nobody has changed."""
    return [row for row in rows if row.condition is Condition.AS_IS]


def ill_with(rows: Sequence[EnsembleRow], label: str) -> list[EnsembleRow]:
    """Return the moments at which a label holds."""
    return [row for row in rows if row.holds(label)]


def well(rows: Sequence[EnsembleRow]) -> list[EnsembleRow]:
    """Return the normal short recordings."""
    return [row for row in short(rows) if row.holds(ANOMALY) is False]


def flagged(rows: Sequence[EnsembleRow], detector: str, threshold: float) -> Interval | None:
    """Return the share of moments whose score of an anomaly reaches a threshold, None: no moment.

    What nobody could see is not flagged.
    """
    if not rows:
        return None
    everyone: BoolArray = np.ones(len(rows), np.bool_)
    scores = _anomaly_scores(rows, detector)
    patients = [row.patient for row in rows]
    return by_patient(share_above(threshold), everyone, scores, patients, DRAWS)


def flagged_patients(
    rows: Sequence[EnsembleRow], detector: str, threshold: float
) -> Interval | None:
    """Return the same with every patient counted as one, however many moments are his."""
    if not rows:
        return None
    names, codes = np.unique([row.patient for row in rows], return_inverse=True)
    reached = _anomaly_scores(rows, detector) >= threshold
    shares = np.bincount(codes, weights=reached) / np.bincount(codes)
    everyone: BoolArray = np.ones(names.size, np.bool_)
    return by_patient(lambda _, own: float(own.mean()), everyone, shares, names.tolist(), DRAWS)


def _anomaly_scores(rows: Sequence[EnsembleRow], detector: str) -> FloatArray:
    told = np.array([row.score(detector, ANOMALY) for row in rows], np.float64)
    return np.where(np.isnan(told), UNSEEN, told)


def difference(one: Judged, other: Judged) -> Interval:
    """Return by how much the AUC of one exceeds that of another at the same moments."""
    places = np.arange(one.holds.size, dtype=np.float64)

    def gain(holds: BoolArray, drawn: FloatArray) -> float:
        rows = drawn.astype(np.int64)
        return auc(holds, one.scores[rows]) - auc(holds, other.scores[rows])

    return by_patient(gain, one.holds, places, one.patients, DRAWS)


def ranking_line(detector: str, label: str, judged: Judged) -> str:
    """Return a line of the table of figures; the Brier score is of what was told."""
    told = judged.told
    cells = (
        detector,
        label,
        judged.counts,
        number(judged.figure(auc)),
        number(judged.figure(average_precision)),
        percent(judged.figure(sensitivity_at)),
        percent(judged.figure(specificity_at)),
        number(told.figure(brier)),
    )
    return f"| {' | '.join(cells)} |"


def number(each: Interval, sign: str = "") -> str:
    """Return "0.912 (0.890 to 0.931)"."""
    if not isfinite(each.value):
        return NO_FIGURE
    if not isfinite(each.low):
        return f"{each.value:{sign}.3f}"
    return f"{each.value:{sign}.3f} ({each.low:{sign}.3f} to {each.high:{sign}.3f})"


def percent(each: Interval | None) -> str:
    """Return "81 % (74 to 88)", a dash for None."""
    if each is None or not isfinite(each.value):
        return NO_FIGURE
    if not isfinite(each.low):
        return f"{100 * each.value:.0f} %"
    return f"{100 * each.value:.0f} % ({100 * each.low:.0f} to {100 * each.high:.0f})"
