"""From the rhythm to evidence for alarms, and what a rhythm hides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ecgd.config.settings import AnalysisSettings
from ecgd.model.finding import Domain, EventType, Finding, RhythmFinding, Severity
from ecgd.model.rhythm import (
    ASYSTOLE,
    ATRIAL_FIBRILLATION,
    EXTREME_BRADYCARDIA,
    EXTREME_TACHYCARDIA,
    OSCILLATIONS,
    PAUSE,
    SUPRAVENTRICULAR_TACHYCARDIA,
    UNKNOWN,
    VENTRICULAR_FIBRILLATION,
    VENTRICULAR_RUN,
    VENTRICULAR_TACHYCARDIA,
    RhythmObservation,
    RhythmSign,
)

BY_LABEL: Final = {
    VENTRICULAR_FIBRILLATION: (EventType.VENTRICULAR_FIBRILLATION, Severity.CRITICAL),
    VENTRICULAR_TACHYCARDIA: (EventType.VENTRICULAR_TACHYCARDIA, Severity.CRITICAL),
    VENTRICULAR_RUN: (EventType.VENTRICULAR_TACHYCARDIA, Severity.HIGH),
    ASYSTOLE: (EventType.ASYSTOLE, Severity.CRITICAL),
    EXTREME_BRADYCARDIA: (EventType.EXTREME_BRADYCARDIA, Severity.HIGH),
    EXTREME_TACHYCARDIA: (EventType.EXTREME_TACHYCARDIA, Severity.HIGH),
    SUPRAVENTRICULAR_TACHYCARDIA: (EventType.SUPRAVENTRICULAR_TACHYCARDIA, Severity.MEDIUM),
    ATRIAL_FIBRILLATION: (EventType.ATRIAL_FIBRILLATION, Severity.MEDIUM),
}
"""Event and severity of each label that is an alarm."""

RHYTHM_KINDS: Final = frozenset(
    {
        *(EventType.PAUSE, EventType.FREQUENT_ECTOPY, EventType.RATE_CHANGE),
        *(event_type for event_type, _ in BY_LABEL.values()),
    }
)

_PREMATURE: Final = frozenset(
    {RhythmSign.PREMATURE_VENTRICULAR, RhythmSign.PREMATURE_SUPRAVENTRICULAR}
)
_CHANGES: Final = frozenset({RhythmSign.RATE_RISE, RhythmSign.RATE_FALL})

_HIDES_ATRIA: Final = frozenset({*OSCILLATIONS, ASYSTOLE, VENTRICULAR_RUN})
_GRAVER_THAN_SVT: Final = _HIDES_ATRIA | {EXTREME_BRADYCARDIA, EXTREME_TACHYCARDIA, PAUSE}
_HIDDEN_BY_RUN: Final = frozenset({EventType.EXTREME_BRADYCARDIA, EventType.EXTREME_TACHYCARDIA})
_HIDDEN_BY_OSCILLATION: Final = frozenset(
    {
        *(EventType.EXTREME_BRADYCARDIA, EventType.EXTREME_TACHYCARDIA, EventType.PAUSE),
        *(EventType.FREQUENT_ECTOPY, EventType.RATE_CHANGE),
    }
)


def rhythm_findings(rhythm: RhythmFinding, settings: AnalysisSettings) -> Iterator[Finding]:
    """Yield the rhythm's findings; a rhythm that was not judged has none."""
    if rhythm.label == UNKNOWN:
        return
    if rhythm.label in BY_LABEL:
        event_type, severity = BY_LABEL[rhythm.label]
        yield _heart(event_type, severity, *_evidence(rhythm), lasted_s=rhythm.lasted_s)
    if rhythm.fibrillates and rhythm.label not in {ATRIAL_FIBRILLATION, *_HIDES_ATRIA}:
        event_type, severity = BY_LABEL[ATRIAL_FIBRILLATION]
        yield _heart(event_type, severity, *_evidence(replace(rhythm, label=ATRIAL_FIBRILLATION)))
    yield from _pause(rhythm, settings)
    if rhythm.label in OSCILLATIONS:
        return
    frequent = tuple(
        each.text for each in _premature(rhythm) if (each.value or 0.0) >= settings.ectopy_per_min
    )
    if frequent:
        yield _heart(EventType.FREQUENT_ECTOPY, Severity.LOW, *frequent)
    changed = tuple(each.text for each in rhythm.observations if each.sign in _CHANGES)
    if changed:
        yield _heart(EventType.RATE_CHANGE, Severity.LOW, *changed)


def hidden_by(rhythm: RhythmFinding) -> frozenset[EventType]:
    """Return the kinds that a rhythm hides: their absence says nothing.

    The rhythm has one label, the gravest: what is milder cannot be seen under it, but for the
    atria's, and where no beats can be told apart neither rate nor pause. A standstill can: what
    swings does not stand still.
    """
    if rhythm.label == UNKNOWN:
        return RHYTHM_KINDS
    return frozenset(
        (
            *(() if shows_atria(rhythm) else (EventType.ATRIAL_FIBRILLATION,)),
            *(
                (EventType.SUPRAVENTRICULAR_TACHYCARDIA,)
                if rhythm.label in _GRAVER_THAN_SVT
                else ()
            ),
            *(_HIDDEN_BY_RUN if rhythm.label == VENTRICULAR_RUN else ()),
            *(_HIDDEN_BY_OSCILLATION if rhythm.label in OSCILLATIONS else ()),
        )
    )


def ectopy_per_min(rhythm: RhythmFinding) -> float | None:
    """Return how frequent premature beats of one kind are, per minute; None: there are none."""
    return max((each.value or 0.0 for each in _premature(rhythm)), default=None)


def _premature(rhythm: RhythmFinding) -> tuple[RhythmObservation, ...]:
    return tuple(each for each in rhythm.observations if each.sign in _PREMATURE)


def shows_atria(rhythm: RhythmFinding) -> bool:
    """Tell whether ``rhythm`` says if the atria fibrillate."""
    return rhythm.fibrillates is not None and rhythm.label not in {UNKNOWN, *_HIDES_ATRIA}


def _evidence(rhythm: RhythmFinding) -> tuple[str, ...]:
    """Return the label with its rate, and for a run what it is made of."""
    rate = "" if rhythm.heart_rate_bpm is None else f", {rhythm.heart_rate_bpm:.0f} bpm"
    run = (o.text for o in rhythm.observations if o.sign is RhythmSign.VENTRICULAR_RUN)
    of_ventricle = rhythm.label in {VENTRICULAR_RUN, VENTRICULAR_TACHYCARDIA}
    return (f"rhythm: {rhythm.label}{rate}", *(run if of_ventricle else ()))


def _pause(rhythm: RhythmFinding, settings: AnalysisSettings) -> Iterator[Finding]:
    """Yield a pause, HIGH when it was as long as an asystole; one that lasts is asystole."""
    pause_s = rhythm.longest_pause_s or 0.0
    if rhythm.label in {ASYSTOLE, *OSCILLATIONS} or pause_s <= settings.pause_s:
        return
    severity = Severity.HIGH if pause_s >= settings.asystole_s else Severity.MEDIUM
    yield _heart(EventType.PAUSE, severity, f"pause of {pause_s:.1f} s between beats")


def _heart(
    event_type: EventType, severity: Severity, *evidence: str, lasted_s: float = 0.0
) -> Finding:
    return Finding(event_type, severity, Domain.HEART, evidence, lasted_s=lasted_s)
