"""The body that a target receives; every field stands in ``docs/webhook.md``."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from ecgd.model.alarm import PRIORITY, Alert
from ecgd.model.finding import EventType, Severity
from ecgd.model.position import Position

VERSION = 1
TYPE = "ecgd.alert"
ANSWER_TYPE = "ecgd.alert.answered"
CANARY_TYPE = "ecgd.canary"


def alert_body(
    alert: Alert, *, include_name: bool = False, include_location: bool = False
) -> bytes:
    """Return the JSON body of an alert, UTF-8.

    Without ``include_name`` nothing but the configured id and label point to a person. The place
    is for whoever is sent out: a body that holds it gets the position too when it goes out.
    """
    data = _facts(alert) | _measured(alert)
    if include_name:
        data |= {"patient_name": alert.patient_name}
    if include_location:
        data |= {"location": alert.location}
    body = {
        "type": TYPE,
        "version": VERSION,
        "timestamp": _iso(alert.occurred_unix_s),
        "data": data,
    }
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def answer_body(alert: Alert, answered_by: str, *, include_name: bool = False) -> bytes:
    """Return the body that tells who has answered an alert; no service takes it for an alarm."""
    body = json.loads(alert_body(alert, include_name=include_name))
    body["type"] = ANSWER_TYPE
    body["data"] |= {
        "severity": Severity.LOW.name,
        "priority": PRIORITY[Severity.LOW].value,
        "answered_by": answered_by,
    }
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def canary_body(canary_id: str, unix_s: float) -> bytes:
    """Return the body that proves a way and tells of nothing."""
    body = {
        "type": CANARY_TYPE,
        "version": VERSION,
        "timestamp": _iso(unix_s),
        "data": {"canary_id": canary_id, "simulated": True},
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def is_test(body: bytes) -> bool:
    """Return whether a body is the alert of a test, which nobody needs once that is over."""
    try:
        return bool(json.loads(body)["data"]["event_type"] == EventType.TEST_ALARM.value)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def with_position(body: bytes, position: Position, map_url: str = "") -> bytes:
    """Return a body with where the gateway is, if it is one that may tell a place; else as it was.

    ``map_url`` is the address of a map with {latitude} and {longitude} in it.
    """
    try:
        message = json.loads(body)
        if "location" not in message["data"]:
            return body
    except (ValueError, KeyError, TypeError, RecursionError):
        return body
    latitude, longitude = f"{position.latitude_deg:.5f}", f"{position.longitude_deg:.5f}"
    accuracy_m = position.accuracy_m
    within = "" if accuracy_m is None else f";u={max(1.0, accuracy_m):.0f}"
    message["data"]["position"] = {
        "latitude_deg": float(latitude),
        "longitude_deg": float(longitude),
        "accuracy_m": None if accuracy_m is None else round(accuracy_m, 1),
        "age_s": round(position.age_s, 1),
        "geo_uri": f"geo:{latitude},{longitude}{within}",
        "map_url": map_url.replace("{latitude}", latitude).replace("{longitude}", longitude),
    }
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def is_answer(body: bytes) -> bool:
    """Return whether a body is no alarm, but the word that somebody has answered one."""
    try:
        return bool(json.loads(body)["type"] == ANSWER_TYPE)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def is_simulated(body: bytes) -> bool | None:
    """Return what a body says of itself; None: it is no body of an alert."""
    try:
        simulated = json.loads(body)["data"]["simulated"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return simulated if isinstance(simulated, bool) else None


def _facts(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "patient_id": alert.patient_id,
        "patient_label": alert.patient_label,
        "patient_number": alert.patient_number,
        "event_type": alert.event_type.value,
        "severity": alert.severity.name,
        "priority": PRIORITY[alert.severity].value,
        "simulated": alert.simulated,
        "description": alert.description,
        "recommended_action": alert.recommended_action,
        "clinical_notes": list(alert.clinical_notes),
        "evidence": list(alert.evidence),
        "territory": alert.territory.value if alert.territory else None,
        "not_visible": list(alert.not_visible),
        "occurred_unix_s": _finite(alert.occurred_unix_s),
        "occurred_mono_s": _finite(alert.occurred_mono_s),
        "boot_id": alert.boot_id,
        "clock_synchronised": alert.clock_synchronised,
        "models_hash": alert.models_hash,
        "config_hash": alert.config_hash,
    }


def _measured(alert: Alert) -> dict[str, Any]:
    return {
        "confidence": _finite(alert.confidence),
        "scores": _figures(alert.scores),
        "st_risk": alert.st_risk.value if alert.st_risk else None,
        "st_mv": _figures(alert.st_mv),
        "st_change_mv": _figures(alert.st_change_mv),
        "heart_rate_bpm": _finite(alert.heart_rate_bpm),
        "quality": _figures(alert.quality),
        "sample_index": alert.sample_index,
    }


def _figures(pairs: tuple[tuple[str, float], ...]) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in pairs}


def _finite(value: float | None) -> float | None:
    return round(float(value), 6) if value is not None and math.isfinite(value) else None


def _iso(unix_s: float) -> str | None:
    try:
        return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return None
