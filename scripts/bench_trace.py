"""Where an alarm was when: the daemon's record, the pins and the receivers' notes put together."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench_episodes import Episode
from bench_receiver import Notice

from ecgd.model.finding import EventType

EDGE_S = 1.0
"""An edge that comes so long after the alarm was told belongs to something else."""

EARLY_S = 0.02
"""The pins are told a moment before the alarm is written down."""

DYING_S = 0.1
"""So long after its answer an alarm may still be heard."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm by the daemon's own record; times of the monotonic clock.

    ``end_index``: where its window ends, None for one that no window decides. ``quiet_s``: when it
    had been acknowledged, infinite if it never was.
    """

    alert_id: str
    patient_id: str
    kind: EventType
    told_s: float
    end_index: int | None
    quiet_s: float = float("inf")


@dataclass(frozen=True, slots=True)
class Traced:
    """An alarm and when it was where. ``whole_s``: the last byte of its window was written.

    ``edge_s`` None: something else sounded already. ``received_s``: first byte by target.
    """

    raised: Raised
    whole_s: float | None
    edge_s: float | None
    received_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Felt:
    """One event and the alarm that told of it, None: there was none."""

    episode: Episode
    began_s: float
    alarm: Traced | None


def trace(
    raised: Sequence[Raised],
    whole_s: Mapping[str, float | None],
    edges_s: Sequence[float],
    notices: Iterable[Notice],
) -> tuple[Traced, ...]:
    """Follow each alarm. ``edges_s``: when the buzzer's pin went up, in order."""
    received_s: dict[str, dict[str, float]] = {}
    for notice in notices:
        if notice.alert_id is not None:
            received_s.setdefault(notice.alert_id, {}).setdefault(
                notice.target, notice.first_byte_s
            )
    return tuple(
        Traced(
            each,
            whole_s.get(each.alert_id),
            _edge_s(each, whole_s.get(each.alert_id), raised, edges_s),
            received_s.get(each.alert_id, {}),
        )
        for each in raised
    )


def match(episode: Episode, patient_id: str, began_s: float, traced: Iterable[Traced]) -> Felt:
    """Find the first alarm that tells of an event, before the next event of the patient."""
    until_s = began_s + episode.lasts_s + episode.rests_s
    told = [
        each
        for each in traced
        if each.raised.patient_id == patient_id
        and each.raised.kind in episode.kinds
        and began_s <= each.raised.told_s < until_s
    ]
    return Felt(episode, began_s, min(told, key=lambda each: each.raised.told_s, default=None))


def _edge_s(
    alarm: Raised, whole_s: float | None, raised: Sequence[Raised], edges_s: Sequence[float]
) -> float | None:
    """Return when an alarm made the buzzer's pin go up; None where another may have done so."""
    since_s = alarm.told_s - EARLY_S if whole_s is None else whole_s
    first = bisect_left(edges_s, since_s)
    if first == len(edges_s) or edges_s[first] > alarm.told_s + EDGE_S:
        return None
    edge_s = edges_s[first]
    others = [each for each in raised if each.alert_id != alarm.alert_id]
    sounding = any(each.told_s < since_s < each.quiet_s + DYING_S for each in others)
    elsewhere = (each for each in others if each.patient_id != alarm.patient_id)
    beside = any(since_s <= each.told_s <= edge_s + EARLY_S for each in elsewhere)
    return None if sounding or beside else edge_s
