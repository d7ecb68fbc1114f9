"""Figures, events and remarks on their way into the database."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from ecgd.model.device import DeviceStatus
from ecgd.store.operations import latest_recording_id, user_id
from ecgd.store.rows import insert, to_json
from ecgd.store.streams import Stream

_ELECTRODES = 4
_AS_REPORTED = (
    "battery_mv",
    "saturated_count",
    "overrun_count",
    "uptime_s",
    "reset_cause",
    "sending",
    "self_test",
)


@dataclass(frozen=True, slots=True)
class StoreResult:
    """One model's answer to one window."""

    patient_id: str
    stream: Stream | None
    at_unix_s: float
    start_index: int
    end_index: int
    outcome: str
    risk_level: str | None
    model_name: str
    prediction: float | None
    confidence: float | None
    features: str | None

    def apply(self, connection: sqlite3.Connection) -> int:
        row: dict[str, Any] = {
            "recording_id": latest_recording_id(connection, self.stream),
            "user_id": user_id(connection, self.patient_id, self.at_unix_s),
            "timestamp": self.at_unix_s,
        }
        names = ("start_index", "end_index", "outcome", "risk_level", "model_name", "prediction")
        row |= {name: getattr(self, name) for name in (*names, "confidence", "features")}
        return insert(connection, "analysis_results", row)


@dataclass(frozen=True, slots=True)
class StoreHeartbeat:
    """One beat, or one second."""

    patient_id: str
    at_unix_s: float
    bpm: float | None
    anomaly_type: str | None

    def apply(self, connection: sqlite3.Connection) -> int:
        user = user_id(connection, self.patient_id, self.at_unix_s)
        row = {"user_id": user, "timestamp": self.at_unix_s, "bpm": self.bpm}
        return insert(connection, "heartbeats", row | {"anomaly_type": self.anomaly_type})


@dataclass(frozen=True, slots=True)
class StoreDeviceStatus:
    """One status report."""

    patient_id: str
    at_unix_s: float
    status: DeviceStatus
    battery_percent: float | None
    signal_quality: float | None
    connected: bool

    def apply(self, connection: sqlite3.Connection) -> int:
        status = self.status
        row: dict[str, Any] = {name: getattr(status, name) for name in _AS_REPORTED}
        row |= {
            "user_id": user_id(connection, self.patient_id, self.at_unix_s),
            "timestamp": self.at_unix_s,
            "battery_level": None if self.battery_percent is None else round(self.battery_percent),
            "signal_quality": self.signal_quality,
            "bluetooth_connected": self.connected,
            "electrode_contact_quality": _contact(status),
            "electrodes_off": _names(status.electrodes_off),
            "electrodes_sensed": _names(status.electrodes_sensed),
        }
        return insert(connection, "device_status", row)


@dataclass(frozen=True, slots=True)
class StoreHealthEvent:
    """Something worth keeping that is no alert."""

    patient_id: str
    at_unix_s: float
    event_type: str
    message: str
    details: str

    def apply(self, connection: sqlite3.Connection) -> int:
        user = user_id(connection, self.patient_id, self.at_unix_s)
        row = {"user_id": user, "timestamp": self.at_unix_s, "event_type": self.event_type}
        row |= {"message": self.message, "details": self.details}
        return insert(connection, "health_events", row)


@dataclass(frozen=True, slots=True)
class StoreNote:
    """A person's remark."""

    patient_id: str
    at_unix_s: float
    author: str
    text: str

    def apply(self, connection: sqlite3.Connection) -> int:
        user = user_id(connection, self.patient_id, self.at_unix_s)
        row = {"user_id": user, "timestamp": self.at_unix_s, "author": self.author}
        return insert(connection, "notes", row | {"text": self.text})


def _contact(status: DeviceStatus) -> float | None:
    """Return the share of electrodes in contact among those that the device senses."""
    sensed = _ELECTRODES if status.electrodes_sensed is None else len(status.electrodes_sensed)
    if status.electrodes_off is None or sensed == 0:
        return None
    return max(0.0, 1 - len(status.electrodes_off) / sensed)


def _names(electrodes: frozenset[str] | None) -> str | None:
    return None if electrodes is None else to_json(sorted(electrodes))
