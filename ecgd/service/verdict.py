"""One verdict a recording (clinical reference, "How accuracy is counted")."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ecgd.model.assessment import Assessment
from ecgd.model.finding import Outcome, RiskLevel, Territory

GRAVEST_FIRST = tuple(RiskLevel)


def judge_record(assessments: Iterable[Assessment]) -> RiskLevel | None:
    """Return the worst risk level held in at least half of the judged windows; None: none judged.

    A level is held in a window whose own level is as grave or graver.
    """
    levels = [a.risk_level for a in assessments if a.outcome is not Outcome.CANNOT_JUDGE]
    held = 0
    for level in GRAVEST_FIRST:
        held += levels.count(level)
        if levels and 2 * held >= len(levels):
            return level
    return None


def name_territory(
    assessments: Iterable[Assessment], verdict: RiskLevel | None
) -> Territory | None:
    """Return the territory that most windows at the verdict's level, or above it, name."""
    if verdict is None:
        return None
    grave = GRAVEST_FIRST[: GRAVEST_FIRST.index(verdict) + 1]
    named = Counter(
        a.st.territory for a in assessments if a.st and a.st.territory and a.risk_level in grave
    )
    return named.most_common(1)[0][0] if named else None
