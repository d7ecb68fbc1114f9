"""What a latency run comes to: spreads beside their limits, and the words around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bench_episodes import EPISODES, Episode
from bench_figure import Figure
from bench_trace import Felt, Traced

from ecgd.config.settings import Settings
from ecgd.service.latency import BUDGET_MS

WEBHOOK, PHONE, HANGS = "webhook", "phone", "hangs"
DECIDED_MS = BUDGET_MS["preprocessing"] + BUDGET_MS["features"] + BUDGET_MS["inference"]
LEAST_ALARMS = 100
HEADING = "## Latency of an alarm"
UNLIMITED = frozenset({"delivery", "pin edge"})
"""The receiver's own time is in the one, and in the other pulses that were under way already."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of durations in ms; ``limit_ms`` is that of the 99th."""

    what: str
    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    worst_ms: float
    limit_ms: float | None = None

    def figures(self) -> tuple[Figure, ...]:
        """Return them one by one."""
        return (
            Figure(f"{self.what}: p50", self.p50_ms, "ms"),
            Figure(f"{self.what}: p95", self.p95_ms, "ms"),
            Figure(f"{self.what}: p99", self.p99_ms, "ms", self.limit_ms),
            Figure(f"{self.what}: worst", self.worst_ms, "ms"),
        )

    def row(self) -> str:
        """Return a row of Markdown."""
        durations_ms = (self.p50_ms, self.p95_ms, self.p99_ms, self.worst_ms)
        cells = [self.what, str(self.count), *(f"{each:.1f}" for each in durations_ms)]
        cells += (
            ["", ""]
            if self.limit_ms is None
            else [
                f"≤ {self.limit_ms:g}",
                f"{self.p99_ms / self.limit_ms:.2f}",
            ]
        )
        return f"| {' | '.join(cells)} |"


@dataclass(frozen=True, slots=True)
class LatencyRun:
    """What one run showed. ``diagnostics`` are the daemon's own."""

    traced: tuple[Traced, ...]
    felt: tuple[Felt, ...]
    hung_count: int
    diagnostics: Mapping[str, Any]

    def decided(self) -> tuple[Traced, ...]:
        """Return the alarms that a window decided."""
        return tuple(each for each in self.traced if each.whole_s is not None)


def spread(what: str, durations_ms: Sequence[float], limit_ms: float | None = None) -> Spread:
    """Return the percentiles of durations; raises ValueError where there are none."""
    if not durations_ms:
        raise ValueError(f"nothing was measured: {what}")
    p50, p95, p99, worst = np.percentile(durations_ms, (50, 95, 99, 100)).tolist()
    return Spread(what, len(durations_ms), p50, p95, p99, worst, limit_ms)


def spreads(run: LatencyRun) -> tuple[Spread, ...]:
    """Return the way from the last byte to pin and receivers, and its stages."""
    decided, total_ms = run.decided(), BUDGET_MS["total"]
    to_pin = [(each.whole_s, each.edge_s) for each in decided]
    told = [(each.whole_s, each.raised.told_s) for each in decided]
    return (
        spread("last byte to the buzzer's pin", _ms(to_pin), total_ms),
        *(
            spread(f"last byte to {name}", _ms(_received(decided, target)), total_ms)
            for target, name in (
                (WEBHOOK, "the webhook's first byte"),
                (PHONE, "the phone service's first byte"),
            )
        ),
        spread("— of it to the decision, written down", _ms(told), DECIDED_MS),
        spread(
            "— of it from there to the webhook's first byte",
            _ms((each.raised.told_s, each.received_s.get(WEBHOOK)) for each in decided),
            BUDGET_MS["alert"],
        ),
        *_own_stages(run.diagnostics),
    )


def counts(run: LatencyRun) -> tuple[Figure, ...]:
    """Return how much was measured, and what is missing."""
    decided = run.decided()
    lost = sum(not {WEBHOOK, PHONE} <= each.received_s.keys() for each in run.traced)
    unfelt = sum(each.alarm is None for each in run.felt)
    early = sum(each.whole_s > each.raised.told_s for each in decided if each.whole_s)
    alone = sum(each.edge_s is not None for each in decided)
    least = float(LEAST_ALARMS)
    return (
        Figure("alarms with a deciding window", len(decided), "", least, more_is_better=True),
        Figure("of them heard alone, so that the pin's edge is their own", alone, ""),
        Figure("alarms that did not come to both receivers", lost, "", 0.5),
        Figure("alarms before the byte that decides them", early, "", 0.5),
        Figure("events without their alarm", unfelt, "", 0.5),
        Figure("requests to the target that hangs", run.hung_count, ""),
    )


def latency_figures(run: LatencyRun) -> list[Figure]:
    """Return everything that has a limit, and what stands beside it."""
    found = [figure for each in spreads(run) for figure in each.figures()]
    return [*found, *counts(run)]


def section(run: LatencyRun, machine: str) -> str:
    """Return what docs/performance.md says of it."""
    head = "| what, in ms | n | p50 | p95 | p99 | worst | limit of p99 | ratio |\n"
    rows = "\n".join(each.row() for each in spreads(run))
    counted = "; ".join(f"{each.what}: {each.measured:g}" for each in counts(run))
    onsets = "\n".join(_onset_rows(run.felt))
    return (
        f"{HEADING}\n\n"
        f"{head}|---|---|---|---|---|---|---|---|\n{rows}\n\n"
        f"{counted}.\n\n"
        f"Machine: {machine} when it began.\n\n"
        "The daemon runs as a process on seven simulated HC-05s at 9600 baud, with its networks\n"
        "and defaults, recorded pins and three targets: a webhook and a phone's service (Gotify)\n"
        "that answer after 50 ms, and one that never answers. The deciding window is the one that\n"
        "the stored alert names; its last byte is stamped just before it is written to the line,\n"
        "the pin's edge just after the pin was set, the first byte once the receiver has read it.\n"
        "So the up to 20 ms that a byte waits to be read are in it, and the connection's set-up\n"
        "where none is open; radio, name servers, TLS and the internet are not. Stages by the\n"
        "daemon's own clocks are those of every window, not only of the deciding ones. An attempt\n"
        "contains the receiver's 50 ms. The daemon's own pin edge is the first new one: where a\n"
        "pulse of something lighter is under way, the pin is up and rises with the next.\n\n"
        "## From the event to the alarm\n\n"
        "| event | evidence by definition | hold-off | n | to the buzzer, median (longest) |"
        " to the webhook, median (longest) |\n|---|---|---|---|---|---|\n"
        f"{onsets}\n\n"
        "Seconds from the event's first sample, or the line's loss, in the same run with the\n"
        "defaults. In them: what the definition needs to see, the hop of up to 1 s until the next\n"
        "window (a look of up to 1 s at link and electrodes), the hold-off by design, packets of\n"
        "100 ms, the line at 9600 baud, and the latency above, which is the least part of it. A\n"
        "buzzer that sounds already has no edge of its own, hence `–`.\n"
    )


def _own_stages(diagnostics: Mapping[str, Any]) -> Iterator[Spread]:
    """Yield the daemon's own figures, each beside its budget."""
    names = {"waiting": "waiting for the analysis", "delivery": "an attempt at a target"}
    for stage in diagnostics["latency"]:
        if stage["stage"] == "total":
            continue
        name = names.get(stage["stage"], stage["stage"])
        limit_ms = None if stage["stage"] in UNLIMITED else stage["budget_ms"]
        yield _own(f"— by the daemon: {name}", stage, limit_ms)
    yield _own("— by the daemon: an alert on the disk", diagnostics["store_commit"], None)


def _own(what: str, stage: Mapping[str, Any], limit_ms: float | None) -> Spread:
    percentiles = (stage["p50_ms"], stage["p95_ms"], stage["p99_ms"], stage["max_ms"])
    return Spread(what, stage["count"], *percentiles, limit_ms)


def _onset_rows(felt: Sequence[Felt]) -> Iterator[str]:
    for episode in EPISODES:
        own = [each for each in felt if each.episode.name == episode.name]
        if own:
            edge, webhook = _felt_s(own)
            cells = (episode.name, episode.definition, _hold_off(episode), len(own), edge, webhook)
            yield f"| {' | '.join(map(str, cells))} |"


def _hold_off(episode: Episode) -> str:
    if not episode.hold_off:
        return "none"
    return f"{getattr(Settings().alarms.hold_off, episode.hold_off):g} s"


def _felt_s(felt: Sequence[Felt]) -> tuple[str, str]:
    """Return in words how long events took to the pin and to the webhook."""
    alarms = [(each.began_s, each.alarm) for each in felt if each.alarm is not None]
    edges_s = [alarm.edge_s - began_s for began_s, alarm in alarms if alarm.edge_s is not None]
    webhook_s = [
        alarm.received_s[WEBHOOK] - began_s
        for began_s, alarm in alarms
        if WEBHOOK in alarm.received_s
    ]
    return _median_and_longest(edges_s), _median_and_longest(webhook_s)


def _median_and_longest(durations_s: Sequence[float]) -> str:
    if not durations_s:
        return "–"
    return f"{np.median(durations_s):.1f} s ({max(durations_s):.1f} s)"


def _received(traced: Iterable[Traced], target: str) -> Iterator[tuple[float | None, float | None]]:
    return ((each.whole_s, each.received_s.get(target)) for each in traced)


def _ms(pairs: Iterable[tuple[float | None, float | None]]) -> list[float]:
    """Return durations between two moments in s, where both are known."""
    known = ((from_s, to_s) for from_s, to_s in pairs if from_s is not None and to_s is not None)
    return [1000 * (to_s - from_s) for from_s, to_s in known]
