"""The body that a target receives; every field stands in ``docs/webhook.md``."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from ecgd.model.alarm import PRIORITY, Alert

VERSION = 1
TYPE = "ecgd.alert"


def alert_body(alert: Alert, *, include_name: bool = False) -> bytes:
    """Return the JSON body of an alert, UTF-8.

    Without ``include_name`` nothing but the configured id points to a person: name and location
    are left out.
    """
    data = _facts(alert) | _measured(alert)
    if include_name:
        data |= {"patient_name": alert.patient_name, "location": alert.location}
    body = {
        "type": TYPE,
        "version": VERSION,
        "timestamp": _iso(alert.occurred_unix_s),
        "data": data,
    }
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


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
