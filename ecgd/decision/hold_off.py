"""How long evidence has lasted, and how long it must."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from ecgd.config.hold_off import HoldOffSettings
from ecgd.decision.technical_table import TECHNICAL
from ecgd.model.finding import EventType

LASTING_SHARE: Final = 0.8
"""Share of the judged windows of the hold-off that must have the evidence."""

GONE_SHARE: Final = 0.95
"""Share of the judged windows that must be without evidence before it is gone: in ten seconds a
single window with evidence is enough to go on, in three minutes a stray one is not."""

STALE_S: Final = 10.0
"""Evidence older than this raises nothing, and a longer hole in the judgements ends a stretch."""

CLEAR_MIN_S: Final = 10.0
"""Least time without evidence before an alarm clears: those without hold-off must not flutter."""


class Judgement(NamedTuple):
    """One judged window: the severity that it gave evidence of, 0 for none."""

    time_s: float
    severity: int


def hold_off_s(event_type: EventType, settings: HoldOffSettings) -> float:
    """Return how long evidence must last before this kind is raised, in seconds.

    Heart kinds that no setting names are raised at once: their definition already holds a time
    (asystole, ventricular fibrillation and tachycardia).
    """
    technical = TECHNICAL.get(event_type)
    if technical is not None:
        named_s: float = getattr(settings, technical.setting) if technical.setting else 0.0
        return named_s or technical.hold_s
    return {
        EventType.STEMI_DETECTED: settings.stemi_s,
        EventType.ACUTE_MI_RISK: settings.high_mi_risk_s,
        EventType.CARDIAC_ISCHEMIA: settings.moderate_s,
        EventType.CARDIAC_ANOMALY: settings.ensemble_s,
        EventType.EXTREME_BRADYCARDIA: settings.extreme_rate_s,
        EventType.EXTREME_TACHYCARDIA: settings.extreme_rate_s,
        EventType.PAUSE: settings.extreme_rate_s,
        EventType.RATE_CHANGE: settings.extreme_rate_s,
        EventType.ATRIAL_FIBRILLATION: settings.rhythm_s,
        EventType.SUPRAVENTRICULAR_TACHYCARDIA: settings.rhythm_s,
        EventType.FREQUENT_ECTOPY: settings.rhythm_s,
    }.get(event_type, 0.0)


def clear_s(event_type: EventType, settings: HoldOffSettings) -> float:
    """Return how long this kind must be without evidence before it clears, in seconds."""
    technical = TECHNICAL.get(event_type)
    least_s = CLEAR_MIN_S if technical is None else max(CLEAR_MIN_S, technical.clear_s)
    return max(hold_off_s(event_type, settings), least_s)


def lasting_s(
    judgements: tuple[Judgement, ...], agrees: Callable[[Judgement], bool], share: float
) -> float | None:
    """Return for how long the judgements have agreed, up to the newest; None: it does not agree.

    The stretch begins at the earliest agreeing judgement from which on at least
    ``share`` of all agree; a hole of more than ``STALE_S`` between two ends it.
    ``judgements`` are in order of time.
    """
    if not judgements or not agrees(judgements[-1]):
        return None
    newest_s = later_s = begun_s = judgements[-1].time_s
    agreed = 0
    for count, judgement in enumerate(reversed(judgements), start=1):
        if later_s - judgement.time_s > STALE_S:
            break
        later_s = judgement.time_s
        if agrees(judgement):
            agreed += 1
            if agreed >= share * count:
                begun_s = judgement.time_s
    return newest_s - begun_s
