"""Moments of made-up recordings, for tests of what is done with them."""

from __future__ import annotations

import numpy as np

from ecgd.evaluation.corpus import RAW, Entry
from ecgd.evaluation.logistic import sigmoid
from ecgd.model.network_label import ANOMALY, HEADS, LABELS
from ecgd.pipeline.model_inputs import BEAT_FIGURES, FRAMES, STRIP_SAMPLES, WINDOW_SAMPLES
from ecgd.pipeline.progression import FIGURES, ROWS
from ecgd.training.examples import HALF, UNKNOWN, Moments
from ecgd.training.gathering import Gathered, Variant
from ecgd.training.judging import Cohort


def gathered(short: int = 12, long: int = 2, each: int = 3, of_long: int = 20) -> Gathered:
    """Return moments of short and of long recordings; every third validates, every other is ill."""
    rng = np.random.default_rng(8)
    entries, owners, times_s = [], [], []
    for number in range(short + long):
        is_long = number >= short
        ill, validates = number % 2 == 1, number % 3 == 0
        entries.append(
            Entry(
                "mitdb" if is_long else "ptbxl",
                str(number),
                f"patient {number}",
                validates,
                RAW,
                {} if is_long else {ANOMALY: ill},
                -1 if is_long else number,
            )
        )
        count = of_long if is_long else each
        owners += [number] * count
        times_s += [10.0 * (k + 1) for k in range(count)]
    truth = np.full((len(owners), len(LABELS)), UNKNOWN, np.float32)
    truth[:, 0] = np.array(owners) % 2
    moments = Moments(
        rng.standard_normal((len(owners), 2, WINDOW_SAMPLES)).astype(HALF),
        rng.standard_normal((len(owners), 2, STRIP_SAMPLES)).astype(HALF),
        rng.standard_normal((len(owners), FRAMES, len(BEAT_FIGURES))).astype(HALF),
        _rows(rng, np.array(owners) >= short),
        np.array([time_s > 10.0 for time_s in times_s]),
        np.array(owners) >= short,
        truth,
        np.array(times_s, np.float32),
    )
    variants = (Variant.PLAIN,) * len(entries)
    return Gathered(moments, np.array(owners, np.int64), tuple(entries), variants)


def _rows(rng: np.random.Generator, has_rows: np.ndarray) -> np.ndarray:
    rows = rng.standard_normal((has_rows.size, ROWS, FIGURES)).astype(HALF)
    rows[:, :, 0] = 1.0
    rows[~has_rows, :-1] = 0.0
    return rows


def cohort(count: int = 600, long: int = 60) -> Cohort:
    """Members that see the same truth with errors of their own, and boast threefold."""
    rng = np.random.default_rng(6)
    held = rng.normal(size=count)
    ill = rng.random(count) < sigmoid(2.0 * held)
    truth, logits = {}, {}
    for member, labels in HEADS.items():
        known = np.full((count, len(labels)), -1.0, np.float32)
        known[:, 0] = ill
        truth[member] = known
        logits[member] = 3.0 * (2.0 * held[:, None] + rng.normal(size=(count, len(labels))))
    logits["rnn"][: count // 3] = np.nan
    return Cohort(
        tuple(f"patient {k}" for k in range(count)),
        ("ptbxl",) * count,
        ("raw",) * count,
        np.zeros(count, np.bool_),
        np.arange(count) < count - long,
        truth,
        logits,
    )
