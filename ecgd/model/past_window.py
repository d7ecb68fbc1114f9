"""What the database remembers of windows that were judged, and of alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ecgd.model.alert_mark import Verdict
from ecgd.model.finding import (
    EnsembleScore,
    EventType,
    Outcome,
    RhythmFinding,
    RiskLevel,
    Severity,
    StRule,
)


class PastLead(NamedTuple):
    """ST of one lead as it was stored, in mV; ``rises``: too steeply for a depression."""

    lead: str
    level_mv: float
    uncertainty_mv: float | None = None
    change_mv: float | None = None
    rises: bool = False


@dataclass(frozen=True, slots=True)
class PastWindow:
    """One stored verdict with the figures that it rests on.

    ``leads`` are those whose ST was measured. ``kinds`` are what the rules found then.
    ``ectopy_per_min`` is None where no premature beats are stored. With ``detailed`` False it was
    stored by a version that did not keep all that other thresholds need.
    """

    at_unix_s: float
    outcome: Outcome
    risk_level: RiskLevel | None
    rhythm: RhythmFinding
    leads: tuple[PastLead, ...] = ()
    rule: StRule = StRule.PLAIN
    scores: EnsembleScore | None = None
    kinds: frozenset[EventType] = frozenset()
    ectopy_per_min: float | None = None
    detailed: bool = True


class PastAlert(NamedTuple):
    """One stored alert; ``verdict`` is the mark that counts, None: nobody has given one."""

    alert_id: str
    patient_id: str
    event_type: EventType
    severity: Severity
    at_unix_s: float
    simulated: bool
    config_hash: str
    acknowledged_unix_s: float | None
    verdict: Verdict | None
