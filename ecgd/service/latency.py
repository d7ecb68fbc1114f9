"""Latency of each stage over the last windows, against its share of the budget."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
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

KEPT = 2000


class LatencyBook:
    """The last durations of every stage."""

    def __init__(self) -> None:
        self._durations_s: dict[str, deque[float]] = {}

    def record(self, stage: str, duration_s: float) -> None:
        """Keep one duration."""
        self._durations_s.setdefault(stage, deque(maxlen=KEPT)).append(duration_s)

    def record_all(self, latencies: Iterable[StageLatency]) -> None:
        """Keep the durations that travelled on an assessment."""
        for latency in latencies:
            self.record(latency.stage, latency.duration_s)

    def summaries(self) -> tuple[LatencySummary, ...]:
        """Return one summary a stage, in the order in which stages were first seen."""
        return tuple(summarise(stage, kept) for stage, kept in self._durations_s.items())


def summarise(stage: str, durations_s: Iterable[float]) -> LatencySummary:
    """Return percentiles of durations, in ms."""
    durations_ms = np.fromiter(durations_s, dtype=np.float64) * 1e3
    p50, p95, p99, worst = np.percentile(durations_ms, (50, 95, 99, 100)).tolist()
    budget_ms = BUDGET_MS.get(stage, BUDGET_MS["total"])
    return LatencySummary(stage, budget_ms, durations_ms.size, p50, p95, p99, worst)
