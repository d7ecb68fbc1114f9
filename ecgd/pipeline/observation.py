"""From an assessment to what the alarm machine observes."""

from __future__ import annotations

from ecgd.decision.findings import UNKNOWN_RHYTHM
from ecgd.model.alarm import Observation
from ecgd.model.assessment import Assessment
from ecgd.model.finding import Domain, Outcome


def observe_heart(assessment: Assessment, now_s: float) -> Observation:
    """Return the heart's observation at ``now_s``.

    A window that cannot be judged as a whole may still show the rhythm: with electrodes exchanged,
    or behind a front end that bends ST. What it could not see is named in ``unjudged`` and neither
    raises nor clears anything.
    """
    judged = (
        assessment.outcome is not Outcome.CANNOT_JUDGE
        or bool(assessment.findings)
        or assessment.rhythm.label != UNKNOWN_RHYTHM
    )
    return Observation(
        Domain.HEART, now_s, judged, assessment.findings, unjudged=assessment.unjudged
    )
