"""What the broker keeps of each patient and of the gateway: plain JSON, an age on nothing.

Every value is of the moment that ``time`` names. What is not known is null, never a last value.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from ecgd.model.alarm import PRIORITY, Alarm, AlarmState, Priority
from ecgd.model.status import DaemonStatus, PatientStatus

State = dict[str, Any]

RAISED: Final = frozenset({AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED, AlarmState.LATCHED})
UNANSWERED: Final = frozenset({AlarmState.ACTIVE, AlarmState.LATCHED})

TEXT_LIMIT: Final = 250
"""Home Assistant shows no state of more than 255 characters."""

NO_ALARM: Final = "none"


def alarm_state(alarms: Iterable[Alarm]) -> State:
    """Return what is said of somebody's alarms: standing, answered, or over and never answered."""
    raised = [alarm for alarm in alarms if alarm.state in RAISED]
    gravest = max(raised, key=lambda alarm: alarm.severity, default=None)
    here = {PRIORITY[alarm.severity] for alarm in raised}
    return {
        "alarm": NO_ALARM if gravest is None else PRIORITY[gravest.severity].value,
        **{f"alarm_{priority.value}": _on(priority in here) for priority in Priority},
        "alarm_unanswered": _on(any(alarm.state in UNANSWERED for alarm in raised)),
        "alarm_severity": NO_ALARM if gravest is None else gravest.severity.name,
        "alarm_text": NO_ALARM if gravest is None else _text(gravest),
        "alarms": [_alarm(alarm) for alarm in raised],
    }


def patient_state(patient: PatientStatus, *, simulated: bool, unwatched: str | None) -> State:
    """Return a patient's state; ``unwatched`` says why nothing of now is judged, None: it is."""
    seen = patient.assessment if unwatched is None else None
    return alarm_state(patient.alarms) | {
        "monitored": _on(unwatched is None),
        "unmonitored_reason": unwatched,
        "outcome": seen.outcome.value if seen else None,
        "heart_rate_bpm": _figure(seen.rhythm.heart_rate_bpm if seen else None),
        "st_risk": seen.risk_level.value if seen and seen.risk_level else None,
        "signal_quality_percent": _figure(100.0 * seen.sqi if seen else None),
        "battery_percent": _figure(patient.battery_percent),
        "link": patient.link_state.value,
        "simulated": simulated,
    }


def gateway_state(
    status: DaemonStatus, alarms: Iterable[Alarm], *, monitored: int, now_unix_s: float
) -> State:
    """Return the gateway's own state; ``monitored`` patients are judged at this moment."""
    ages_s = [t.last_success_age_s for t in status.targets if t.last_success_age_s is not None]
    unwell = [part for part in status.parts if not part.healthy]
    return alarm_state(alarms) | {
        "problem": _on(bool(unwell)),
        "problem_text": _cut("; ".join(f"{part.part}: {part.detail}" for part in unwell))
        or NO_ALARM,
        "patients": len(status.patients),
        "monitored": monitored,
        "sounding": _on(status.sounding is not None),
        "sound_paused": _on(status.audio_paused_s is not None),
        "last_delivery": iso_time(now_unix_s - min(ages_s)) if ages_s else None,
        "last_proven": _last_proven(status, now_unix_s),
        "version": status.version,
        "simulated": status.simulated,
    }


def _last_proven(status: DaemonStatus, now_unix_s: float) -> str | None:
    """Return when a test or canary last went all the way; None: never, or not known."""
    age_s = status.proof.whole.age_s if status.proof is not None else None
    return None if age_s is None else iso_time(now_unix_s - age_s)


def as_payload(state: State, unix_s: float) -> bytes:
    """Return a state as it is sent."""
    return to_json(state | {"time": iso_time(unix_s)})


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def iso_time(unix_s: float) -> str | None:
    """Return a wall time as ISO 8601 in UTC, to the second; None for one that no clock shows."""
    try:
        return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return None


def _alarm(alarm: Alarm) -> State:
    return {
        "alert_id": alarm.alert_id,
        "event_type": alarm.event_type.value,
        "severity": alarm.severity.name,
        "priority": PRIORITY[alarm.severity].value,
        "domain": alarm.domain.value,
        "state": alarm.state.value,
        "acknowledged_by": alarm.acknowledged_by,
        "evidence": list(alarm.evidence),
    }


def _text(alarm: Alarm) -> str:
    words = alarm.event_type.value.replace("_", " ").capitalize()
    return _cut(": ".join((words, "; ".join(alarm.evidence))) if alarm.evidence else words)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else f"{text[: TEXT_LIMIT - 1]}…"


def _on(holds: bool) -> str:
    return "ON" if holds else "OFF"


def _figure(value: float | None) -> float | None:
    return round(float(value)) if value is not None and math.isfinite(value) else None
