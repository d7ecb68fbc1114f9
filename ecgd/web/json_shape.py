"""Values as the API shows them: plain JSON, an age on what ages, never a NaN."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from enum import Enum, IntEnum
from typing import Any

from ecgd.config.settings import PatientSettings
from ecgd.model.alarm import PRIORITY, Alarm
from ecgd.model.alert_mark import AlertMark
from ecgd.model.assessment import Assessment
from ecgd.model.finding import LeadQuality, LeadSt, StFinding
from ecgd.model.status import (
    DaemonStatus,
    Diagnostics,
    LatencySummary,
    PatientFigures,
    PatientStatus,
)
from ecgd.model.trouble import SignalTrouble
from ecgd.web.clock import Clock
from ecgd.web.coverage_shape import coverage_shape
from ecgd.web.gateway import AlertEntry

Shape = dict[str, Any]


def plain(value: Any) -> Any:
    """Return ``value`` as JSON knows it; a figure that is no finite number becomes None.

    Severities go by name, other enumerations by value, sets are sorted.
    """
    match value:
        case IntEnum():
            shape: Any = value.name
        case Enum():
            shape = value.value
        case float():
            shape = value if math.isfinite(value) else None
        case None | str() | int():
            shape = value
        case frozenset() | set():
            shape = sorted(plain(item) for item in value)
        case Mapping():
            shape = {str(key): plain(item) for key, item in value.items()}
        case tuple() | list():
            shape = [plain(item) for item in value]
        case _:
            shape = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return shape


def status_shape(status: DaemonStatus, clock: Clock) -> Shape:
    """Shape of ``/v1/status``."""
    shape: Shape = plain(dataclasses.replace(status, patients=(), gateway_alarms=()))
    shape["patients"] = [patient_shape(patient, clock) for patient in status.patients]
    shape["gateway_alarms"] = [alarm_shape(alarm, clock) for alarm in status.gateway_alarms]
    return shape


def patient_shape(patient: PatientStatus, clock: Clock) -> Shape:
    """Shape of one patient in ``/v1/status``."""
    reported = patient.device_status
    return {
        "patient_id": patient.patient_id,
        "name": patient.name,
        "source": patient.source,
        "link": {
            "state": plain(patient.link_state),
            "age_s": plain(patient.link_age_s),
            "reason": patient.link_reason,
            "authenticated": patient.authenticated,
            "statistics": plain(patient.link),
            "bluetooth": plain(patient.bluetooth),
        },
        "device": _aged(patient.device, patient.device_age_s),
        "device_standing": patient.device_standing,
        "device_words": list(patient.device_words),
        "device_limits": list(patient.device_limits),
        "device_status": _aged(reported, patient.device_status_age_s),
        "battery": {
            "percent": plain(patient.battery_percent),
            "mv": reported.battery_mv if reported else None,
            "age_s": plain(patient.device_status_age_s),
        },
        "assessment": assessment_shape(patient.assessment, patient.assessment_age_s),
        "alarms": [alarm_shape(alarm, clock) for alarm in patient.alarms],
        "windows": {"analysed": patient.windows_analysed, "replaced": patient.windows_replaced},
        "coverage": None if patient.coverage is None else coverage_shape(patient.coverage),
        "called": patient.called,
    }


def assessment_shape(assessment: Assessment | None, age_s: float | None) -> Shape | None:
    """Shape of the newest assessment; None where there is none yet."""
    if assessment is None:
        return None
    return {
        "age_s": plain(age_s),
        "time_s": plain(assessment.time_s),
        "outcome": plain(assessment.outcome),
        "risk_level": plain(assessment.risk_level),
        "unjudged": plain(assessment.unjudged),
        "rhythm": plain(assessment.rhythm),
        "sqi": plain(assessment.sqi),
        "quality": [_quality_shape(lead) for lead in assessment.quality],
        "beat_confidence": plain(assessment.beat_confidence),
        "troubles": [_trouble_shape(trouble) for trouble in assessment.troubles],
        "st": st_shape(assessment.st),
        "scores": _scores_shape(assessment),
        "findings": plain(assessment.findings),
        "cannot_judge": list(assessment.cannot_judge),
        "placement": plain(assessment.placement),
        "channels": plain(assessment.channels),
        "intervals": plain(assessment.intervals),
        "variability": plain(assessment.variability),
        "latency_ms": {s.stage: plain(1e3 * s.duration_s) for s in assessment.latency},
    }


def _quality_shape(lead: LeadQuality) -> Shape:
    shape: Shape = plain(dataclasses.replace(lead, seconds=()))
    shape["seconds"] = [{"sqi": plain(s.sqi), "reason": s.reason} for s in lead.seconds]
    return shape


def _trouble_shape(trouble: SignalTrouble) -> Shape:
    shape: Shape = plain(trouble)
    return shape | {"words": trouble.words, "advice": trouble.advice}


def st_shape(st: StFinding | None) -> Shape | None:
    """Shape of the ST verdict, with the lead that deviates most as ``worst``."""
    if st is None:
        return None
    shape: Shape = plain(st)
    worst = worst_lead(st)
    shape["worst"] = plain(worst) if worst else None
    return shape


def worst_lead(st: StFinding) -> LeadSt | None:
    """Return the measurable lead whose ST level is farthest from zero."""
    measured = [lead for lead in st.leads if lead.level_mv is not None]
    return max(measured, key=lambda lead: abs(lead.level_mv or 0.0), default=None)


def alarm_shape(alarm: Alarm, clock: Clock) -> Shape:
    """Shape of an alarm: its monotonic times become ages."""
    shape: Shape = plain(alarm)
    for name in ("since", "evidence", "raised"):
        shape[f"{name}_age_s"] = plain(clock.age_s(shape.pop(f"{name}_s")))
    shape["priority"] = plain(PRIORITY[alarm.severity])
    return shape


def alert_shape(entry: AlertEntry, clock: Clock) -> Shape:
    """Shape of one alert in ``/v1/alerts``."""
    shape: Shape = plain(entry.alert)
    for name in ("scores", "st_mv", "st_change_mv", "quality"):
        shape[name] = dict(shape[name])
    return shape | {
        "age_s": plain(clock.alert_age_s(entry.alert)),
        "state": plain(entry.state),
        "acknowledged_by": entry.acknowledged_by,
        "acknowledged_unix_s": plain(entry.acknowledged_unix_s),
        "acknowledged_age_s": plain(clock.wall_age_s(entry.acknowledged_unix_s)),
        **marks_shape(entry.marks, clock),
    }


def marks_shape(marks: Iterable[AlertMark], clock: Clock) -> Shape:
    """Shape of what people said of an alert: the verdict that counts, and every mark."""
    shapes = [plain(mark) | {"age_s": plain(clock.wall_age_s(mark.at_unix_s))} for mark in marks]
    return {"verdict": shapes[-1]["verdict"] if shapes else None, "marks": shapes}


def patients_shape(patients: Iterable[PatientSettings]) -> list[Shape]:
    """Shape of ``/v1/patients``."""
    return [_patient_settings_shape(patient) for patient in patients]


def diagnostics_shape(figures: Diagnostics, clock: Clock) -> Shape:
    """Shape of ``/v1/diagnostics``: the status and the figures behind it."""
    return {
        "status": status_shape(figures.status, clock),
        "latency": [_latency_shape(stage) for stage in figures.latency],
        "alarm_delay": _latency_shape(figures.alarm_delay) if figures.alarm_delay else None,
        "patients": [_figures_shape(patient) for patient in figures.patients],
        "machine": plain(figures.machine) | {"age_s": plain(figures.machine_age_s)},
        "store_commit": _latency_shape(figures.store_commit) if figures.store_commit else None,
        "loop": {
            "late_count": figures.loop_late_count,
            "late_max_ms": plain(figures.loop_late_max_ms),
        },
        "queue_depths": dict(figures.queue_depths),
        "dropped": dict(figures.dropped),
        "memory_mb": plain(figures.memory_mb),
        "python": figures.python,
        "platform": figures.platform,
        "upkeep": {name: plain(value) for name, value in figures.upkeep},
    }


def _aged(value: Any, age_s: float | None) -> Shape | None:
    return None if value is None else plain(value) | {"age_s": plain(age_s)}


def _scores_shape(assessment: Assessment) -> Shape | None:
    if assessment.scores is None:
        return None
    shape: Shape = plain(assessment.scores)
    shape |= {name: dict(shape[name]) for name in ("members", "labels")}
    return shape | {"age_s": plain(assessment.scores_age_s)}


def _patient_settings_shape(patient: PatientSettings) -> Shape:
    shape: Shape = plain(patient)
    return {"patient_id": shape.pop("id")} | shape | {"name": patient.name or patient.id}


def _latency_shape(summary: LatencySummary) -> Shape:
    shape: Shape = plain(summary)
    known = summary.count and shape["p99_ms"] is not None and shape["budget_ms"] is not None
    return shape | {"within_budget": summary.p99_ms <= summary.budget_ms if known else None}


def _figures_shape(figures: PatientFigures) -> Shape:
    return {
        "patient_id": figures.patient_id,
        "latency": [_latency_shape(stage) for stage in figures.latency],
        "discarded_bytes": dict(figures.discarded_bytes),
        "dropped": dict(figures.dropped),
    }
