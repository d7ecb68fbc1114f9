"""From an alarm that was raised to the alert that leaves the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from ecgd.alerts.payload import alert_body
from ecgd.config.settings import AlarmSettings, WebhookSettings
from ecgd.decision.advice import clinical_notes, description, recommended_action
from ecgd.model.alarm import Alarm, Alert, OutboxItem
from ecgd.model.assessment import Assessment
from ecgd.model.finding import NOT_VISIBLE, Domain, Severity


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What every alert of this run of the daemon carries."""

    boot_id: str
    simulated: bool
    scoring: str
    models_hash: str
    config_hash: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When it happened, by both clocks."""

    unix_s: float
    mono_s: float
    clock_synchronised: bool


def compose_alert(
    alarm: Alarm,
    *,
    patient_id: str,
    patient_name: str,
    assessment: Assessment | None,
    moment: Moment,
    circumstances: Circumstances,
    settings: AlarmSettings,
) -> Alert:
    """Return the alert of one occurrence; ``assessment`` is the window that it rests on."""
    assert alarm.alert_id is not None
    heart = alarm.domain is Domain.HEART
    seen = assessment if heart else None
    st = seen.st if seen else None
    scores = seen.scores if seen else None
    return Alert(
        alert_id=alarm.alert_id,
        patient_id=patient_id,
        patient_name=patient_name,
        event_type=alarm.event_type,
        severity=alarm.severity,
        occurred_unix_s=moment.unix_s,
        occurred_mono_s=moment.mono_s,
        boot_id=circumstances.boot_id,
        clock_synchronised=moment.clock_synchronised,
        simulated=circumstances.simulated,
        description=description(alarm.event_type, alarm.evidence, alarm.territory),
        recommended_action=recommended_action(
            alarm.severity, alarm.event_type, settings.emergency_number
        ),
        clinical_notes=clinical_notes(alarm.event_type, st, scores, scoring=circumstances.scoring),
        evidence=alarm.evidence,
        territory=alarm.territory,
        not_visible=(st.not_visible if st else NOT_VISIBLE) if heart else (),
        confidence=alarm.confidence,
        scores=_opinion(seen),
        st_risk=seen.risk_level if seen else None,
        st_mv=_levels(seen),
        st_change_mv=_changes(seen),
        heart_rate_bpm=seen.rhythm.heart_rate_bpm if seen else None,
        quality=tuple((lead.lead, lead.sqi) for lead in seen.quality) if seen else (),
        location=settings.location,
        sample_index=seen.end_index if seen else None,
        models_hash=circumstances.models_hash,
        config_hash=circumstances.config_hash,
    )


def address_alert(alert: Alert, targets: tuple[WebhookSettings, ...]) -> tuple[OutboxItem, ...]:
    """Return one outbox item for each target that wants the alert.

    A simulated alert goes to test targets only. The message id follows from alert and target, so
    that the same alert never goes out under two names.
    """
    return tuple(
        OutboxItem(
            message_id=f"msg_{uuid5(NAMESPACE_URL, f'{alert.alert_id}/{target.name}').hex}",
            alert_id=alert.alert_id,
            target=target.name,
            severity=alert.severity,
            body=alert_body(alert, include_name=target.include_name),
            created_unix_s=alert.occurred_unix_s,
        )
        for target in targets
        if alert.severity >= Severity[target.least_severity]
        and (target.test_target or not alert.simulated)
    )


def _opinion(assessment: Assessment | None) -> tuple[tuple[str, float], ...]:
    """Return each network's probability by its name, and what they come to together."""
    if assessment is None or assessment.scores is None:
        return ()
    scores = assessment.scores
    return (
        *scores.members,
        ("fused", scores.fused),
        ("boosted", scores.boosted),
        ("consensus", float(scores.consensus)),
        ("disagreement", scores.disagreement),
        ("confidence", scores.confidence),
        ("age_s", assessment.scores_age_s),
    )


def _levels(assessment: Assessment | None) -> tuple[tuple[str, float], ...]:
    if assessment is None or assessment.st is None:
        return ()
    leads = assessment.st.leads
    return tuple((st.lead, st.level_mv) for st in leads if st.level_mv is not None)


def _changes(assessment: Assessment | None) -> tuple[tuple[str, float], ...]:
    if assessment is None or assessment.st is None:
        return ()
    leads = assessment.st.leads
    return tuple((st.lead, st.change_mv) for st in leads if st.change_mv is not None)
