"""Alarms as they stand, and the alerts that leave the house."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ecgd.model.finding import Domain, EventType, Finding, RiskLevel, Severity, Territory

UNKNOWN_BOOT: Final = "unknown"
"""Id of a boot that the kernel does not name: no two of these are known to be the same."""


class AlarmState(StrEnum):
    """States of one alarm; a row of the table in ``ecgd.decision`` leads from one to the next."""

    INACTIVE = "inactive"
    PENDING = "pending"
    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    LATCHED = "latched"
    CLEARED = "cleared"


class Priority(StrEnum):
    """What sounds and shines (IEC 60601-1-8)."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


PRIORITY: dict[Severity, Priority] = {
    Severity.CRITICAL: Priority.HIGH,
    Severity.HIGH: Priority.HIGH,
    Severity.MEDIUM: Priority.MEDIUM,
    Severity.LOW: Priority.LOW,
}


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of one patient in one domain at ``now_s`` (monotonic seconds).

    ``judged`` False: nothing can be said, so no heart alarm clears and none is raised.
    ``unjudged`` names kinds that this one could not see although the rest was judged (ST with an
    electrode off, say): a finding of such a kind counts, its absence says nothing.
    """

    domain: Domain
    now_s: float
    judged: bool
    findings: tuple[Finding, ...] = ()
    unjudged: frozenset[EventType] = frozenset()


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of one patient. Times are monotonic seconds; ``alert_id`` names the occurrence."""

    event_type: EventType
    domain: Domain
    state: AlarmState
    severity: Severity
    since_s: float
    evidence_s: float
    alert_id: str | None = None
    raised_s: float | None = None
    acknowledged_by: str | None = None
    evidence: tuple[str, ...] = ()
    territory: Territory | None = None
    confidence: float | None = None


class ChangeKind(StrEnum):
    """What happened to an alarm in one step. RETURNED: it was over, and goes on under its id."""

    RAISED = "raised"
    ESCALATED = "escalated"
    RETURNED = "returned"
    UPDATED = "updated"
    ACKNOWLEDGED = "acknowledged"
    LATCHED = "latched"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One change of one alarm. RAISED and ESCALATED are new occurrences and leave the house.

    ``supersedes`` names the occurrence of the same kind whose place a new one takes.
    """

    kind: ChangeKind
    alarm: Alarm
    supersedes: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One occurrence of an alarm, as it is stored, pushed and shown.

    ``occurred_unix_s`` is wall time; with ``boot_id`` and ``occurred_mono_s`` a wrong clock can be
    corrected later. ``st_mv`` and ``quality`` hold (lead, figure). ``patient_label``, and the
    number where there are several patients, are what the patient is called where no name may be
    told; they are not stored.
    """

    alert_id: str
    patient_id: str
    patient_name: str
    event_type: EventType
    severity: Severity
    occurred_unix_s: float
    occurred_mono_s: float
    boot_id: str
    clock_synchronised: bool
    simulated: bool
    description: str
    recommended_action: str
    clinical_notes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    territory: Territory | None = None
    not_visible: tuple[str, ...] = ()
    confidence: float | None = None
    scores: tuple[tuple[str, float], ...] = ()
    st_risk: RiskLevel | None = None
    st_mv: tuple[tuple[str, float], ...] = ()
    st_change_mv: tuple[tuple[str, float], ...] = ()
    heart_rate_bpm: float | None = None
    quality: tuple[tuple[str, float], ...] = ()
    location: str = ""
    patient_label: str = ""
    patient_number: int | None = None
    sample_index: int | None = None
    models_hash: str = ""
    config_hash: str = ""


class Purpose(StrEnum):
    """What a message is for: an alarm, a test that a person asked for, or a silent canary."""

    ALARM = "alarm"
    TEST = "test"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One alert on its way to one target. ``message_id`` stays the same over all attempts.

    What is no alarm goes behind every alarm, and gives way to one while it is under way. A canary
    is tried once, and never stored.
    """

    message_id: str
    alert_id: str
    target: str
    severity: Severity
    body: bytes
    created_unix_s: float
    attempts: int = 0
    not_before_unix_s: float = 0.0
    purpose: Purpose = Purpose.ALARM

    @property
    def is_trial(self) -> bool:
        """Whether it proves a way and alarms nobody."""
        return self.purpose is not Purpose.ALARM


class DeliveryResult(StrEnum):
    """How one attempt ended. WITHDRAWN: it failed, and nobody needs the message any more."""

    DELIVERED = "delivered"
    RETRY = "retry"
    GONE = "gone"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """One attempt at one target. ``detail`` never holds a secret.

    ``receipt`` is what the service calls the message, by which its way can be followed.
    """

    item: OutboxItem
    result: DeliveryResult
    attempted_unix_s: float
    duration_s: float
    detail: str
    retry_after_s: float | None = None
    receipt: str = ""
