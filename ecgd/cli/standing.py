"""Which alarms stand, of those that the daemon's status names."""

from __future__ import annotations

from typing import Any, Final

STANDING: Final = ("active", "latched", "acknowledged")
"""States in which an alarm stands."""


def standing_alarms(patient: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a patient's alarms that stand, gravest and oldest first."""
    order = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
    standing = [alarm for alarm in patient["alarms"] if alarm["state"] in STANDING]
    return sorted(standing, key=lambda a: (order.index(a["severity"]), -(a["since_age_s"] or 0)))
