"""Which dangers one moment could not have shown, and why, in words for the coverage account."""

from __future__ import annotations

from typing import Final

from ecgd.decision.findings import UNKNOWN_RHYTHM
from ecgd.model.assessment import Assessment
from ecgd.model.coverage import EVENTS, Danger
from ecgd.model.rhythm import OSCILLATIONS

FEW_BEATS: Final = "too few beats seen yet"
TOO_SHORT: Final = "not yet watched for long enough without a hole"
PARTLY_VISIBLE: Final = "ST seen in one of the two territories only"
UNSTEADY_ST: Final = "ST too unsteady to judge"


def blind_to(assessment: Assessment) -> dict[Danger, str]:
    """Return the dangers that a window could not show, each with its reason.

    ``Assessment.unjudged`` decides; the reason is the first that explains it.
    """
    blind = [danger for danger, events in EVENTS.items() if events & assessment.unjudged]
    return {danger: _reason(danger, assessment) for danger in blind}


def blind_to_all(reason: str) -> dict[Danger, str]:
    """Return that nothing can be seen."""
    return dict.fromkeys(Danger, reason)


def _reason(danger: Danger, assessment: Assessment) -> str:
    label = assessment.rhythm.label
    if danger is Danger.ATRIAL_FIBRILLATION and assessment.rhythm.fibrillates is None:
        return _signal_reason(assessment) or TOO_SHORT
    if label in OSCILLATIONS:
        return f"hidden by {label}"
    if danger is Danger.STEMI:
        return _st_reason(assessment)
    if label != UNKNOWN_RHYTHM:
        return f"hidden by {label}"
    return _signal_reason(assessment) or FEW_BEATS


def _st_reason(assessment: Assessment) -> str:
    if assessment.placement is not None:
        return f"electrodes exchanged: {assessment.placement.exchanged}"
    signal = _signal_reason(assessment)
    if signal:
        return signal
    if assessment.st is not None:
        return PARTLY_VISIBLE
    told = [word for word in assessment.cannot_judge if word.startswith("ST: ")]
    if told:
        return told[0]
    return UNSTEADY_ST if "unsteady" in assessment.cannot_judge else FEW_BEATS


def _signal_reason(assessment: Assessment) -> str:
    """Return what is wrong with the signal, where a lead is unusable for it."""
    words = [trouble.words for trouble in assessment.troubles]
    return words[0] if words else ""
