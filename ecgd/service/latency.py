"""Latency of each stage over the last windows, for all and for each patient, against the budget."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from ecgd.model.assessment import StageLatency
from ecgd.model.status import LatencySummary

BUDGET_MS: Final[dict[str, float]] = {
    "waiting": 50.0,
    "preprocessing": 100.0,
    "features": 50.0,
    "inference": 100.0,
    "rules": 50.0,
    "alert": 200.0,
    "pin edge": 200.0,
    "delivery": 200.0,
    "total": 450.0,
}
"""The document's stages; ``waiting`` and ``rules`` are inside its total."""

ALARM_DELAY: Final = "first evidence to pins"
"""Not a stage: how long an alarm took from its first evidence on, hold-off included."""

KEPT: Final = 2000
KEPT_A_PATIENT: Final = 500


class LatencyBook:
    """The last durations of every stage."""

    def __init__(self) -> None:
        self._all_s: dict[str, deque[float]] = {}
        self._patients_s: dict[str, dict[str, deque[float]]] = {}
        self._delays_s: deque[float] = deque(maxlen=KEPT)

    def record(self, stage: str, duration_s: float, patient_id: str = "") -> None:
        """Keep one duration; without a patient it belongs to nobody in particular."""
        _keep(self._all_s, stage, duration_s, KEPT)
        if patient_id:
            own_s = self._patients_s.setdefault(patient_id, {})
            _keep(own_s, stage, duration_s, KEPT_A_PATIENT)

    def record_all(self, latencies: Iterable[StageLatency], patient_id: str = "") -> None:
        """Keep the durations that travelled on an assessment."""
        for latency in latencies:
            self.record(latency.stage, latency.duration_s, patient_id)

    def record_alarm_delay(self, duration_s: float) -> None:
        """Keep how long an alarm took from its first evidence to the pins."""
        self._delays_s.append(duration_s)

    def summaries(self) -> tuple[LatencySummary, ...]:
        """Return one summary a stage, in the order in which stages were first seen."""
        return _summaries(self._all_s)

    def of_patient(self, patient_id: str) -> tuple[LatencySummary, ...]:
        """Return the same for one patient."""
        return _summaries(self._patients_s.get(patient_id, {}))

    def alarm_delay(self) -> LatencySummary | None:
        """Return how long alarms took; None: there was none."""
        return summarise(ALARM_DELAY, self._delays_s, math.nan) if self._delays_s else None


def summarise(
    stage: str, durations_s: Iterable[float], budget_ms: float | None = None
) -> LatencySummary:
    """Return percentiles of durations, in ms; the budget is the stage's own unless given."""
    durations_ms = np.fromiter(durations_s, dtype=np.float64) * 1e3
    p50, p95, p99, worst = np.percentile(durations_ms, (50, 95, 99, 100)).tolist()
    if budget_ms is None:
        budget_ms = BUDGET_MS.get(stage, BUDGET_MS["total"])
    return LatencySummary(stage, budget_ms, durations_ms.size, p50, p95, p99, worst)


def _keep(durations_s: dict[str, deque[float]], stage: str, duration_s: float, kept: int) -> None:
    durations_s.setdefault(stage, deque(maxlen=kept)).append(duration_s)


def _summaries(durations_s: Mapping[str, deque[float]]) -> tuple[LatencySummary, ...]:
    return tuple(summarise(stage, kept) for stage, kept in durations_s.items())
