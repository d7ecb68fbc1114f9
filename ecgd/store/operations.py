"""What can be asked of the writer: immutable values, each of which knows its SQL.

``apply`` runs inside a transaction and depends on nothing but the value and the database, so an
operation can be repeated after a fault, or on a fresh database.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Protocol

from ecgd.model.device import DeviceInfo
from ecgd.store.rows import insert, to_json
from ecgd.store.streams import Stream

_DEVICE_COLUMNS = (
    "device_id",
    "fs_hz",
    "counts_per_mv",
    "baseline_counts",
    "adc_bits",
    "firmware",
    "protocol",
    "highpass_hz",
    "lowpass_hz",
    "input_range_mv",
    "notch_on",
)


class Operation(Protocol):
    """One change; returns the id of the row that it made or found, else 0."""

    def apply(self, connection: sqlite3.Connection) -> int:
        """Make the change."""
        ...


@dataclass(frozen=True, slots=True)
class EnsureUser:
    """Make a patient known, or refresh the name."""

    patient_id: str
    name: str
    sex: str
    birth_year: int
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        known = _find_user(connection, self.patient_id)
        born = self.birth_year or None
        if known is None:
            row = {"patient_id": self.patient_id, "name": self.name, "created_at": self.at_unix_s}
            return insert(connection, "users", row | {"sex": self.sex, "birth_year": born})
        connection.execute(
            "UPDATE users SET name = ?, sex = ?, birth_year = ? WHERE id = ?",
            (self.name, self.sex, born, known),
        )
        return known


@dataclass(frozen=True, slots=True)
class ArchiveUser:
    """Mark a patient as one of the past, or take the mark away; 0: there is no such patient."""

    patient_id: str
    archived: bool
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        known = _find_user(connection, self.patient_id)
        connection.execute(
            "UPDATE users SET archived_unix_s = ? WHERE id = ?",
            (self.at_unix_s if self.archived else None, known),
        )
        return known or 0


@dataclass(frozen=True, slots=True)
class EnsureDevice:
    """Make a device known, or refresh what it says of itself."""

    patient_id: str
    device: DeviceInfo
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        user = user_id(connection, self.patient_id, self.at_unix_s)
        row: dict[str, Any] = {name: getattr(self.device, name) for name in _DEVICE_COLUMNS}
        row |= {"leads": to_json(self.device.leads), "user_id": user}
        row |= {"first_seen": self.at_unix_s, "last_seen": self.at_unix_s}
        insert(connection, "devices", row, once="user_id, device_id")
        kept = ("user_id", "device_id", "first_seen")
        changes = ", ".join(f"{name} = :{name}" for name in row if name not in kept)
        where = "user_id = :user_id AND device_id = :device_id"
        connection.execute(f"UPDATE devices SET {changes} WHERE {where}", row)
        found = connection.execute(f"SELECT id FROM devices WHERE {where}", row).fetchone()
        return int(found[0])


@dataclass(frozen=True, slots=True)
class OpenRecording:
    """Begin a recording of a stream, unless one is open."""

    stream: Stream

    def apply(self, connection: sqlite3.Connection) -> int:
        return recording_id(connection, self.stream)


@dataclass(frozen=True, slots=True)
class CloseRecording:
    """Finish the open recording of a stream."""

    stream: Stream
    reason: str
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        found = _open_recording(connection, self.stream.key)
        if found is not None:
            finish_recording(connection, found, self.reason, self.at_unix_s)
        return found or 0


@dataclass(frozen=True, slots=True, eq=False)
class StoreSegment:
    """One coded piece of waveform; begins the next recording when the open one is long enough."""

    stream: Stream
    start_index: int
    sample_count: int
    unix_s: float
    data: bytes
    recording_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        recording = recording_id(connection, self.stream)
        if self._belongs_to_next(connection, recording):
            finish_recording(connection, recording, "continued", self.unix_s)
            recording = recording_id(connection, self.stream, self.unix_s)
        row = {"recording_id": recording, "start_index": self.start_index, "data": self.data}
        row |= {"sample_count": self.sample_count, "timestamp": self.unix_s}
        segment = insert(connection, "waveform_segments", row)
        connection.execute(
            "UPDATE recordings SET timestamp = iif(start_index IS NULL, :unix_s, timestamp),"
            " start_index = min(ifnull(start_index, :start), :start),"
            " end_index = max(ifnull(end_index, :end), :end) WHERE id = :recording",
            {
                "unix_s": self.unix_s,
                "start": self.start_index,
                "end": self.start_index + self.sample_count,
                "recording": recording,
            },
        )
        connection.execute(
            "UPDATE recordings SET duration_seconds = (end_index - start_index) / ? WHERE id = ?",
            (self.stream.device.fs_hz, recording),
        )
        return segment

    def _belongs_to_next(self, connection: sqlite3.Connection, recording: int) -> bool:
        first = connection.execute(
            "SELECT start_index FROM recordings WHERE id = ?", (recording,)
        ).fetchone()[0]
        longest = self.recording_s * self.stream.device.fs_hz
        return first is not None and self.start_index - first >= longest


@dataclass(frozen=True, slots=True)
class Probe:
    """Write something: whether the disk works again shows in no other way."""

    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        connection.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('last probe', ?)",
            (str(self.at_unix_s),),
        )
        return 0


def user_id(
    connection: sqlite3.Connection, patient_id: str, at_unix_s: float, name: str = ""
) -> int:
    """Return the user's id; an unknown patient is made known, for an alert must never be lost."""
    known = _find_user(connection, patient_id)
    if known is not None:
        return known
    row = {"patient_id": patient_id, "name": name or patient_id, "created_at": at_unix_s}
    return insert(connection, "users", row)


def replace_record(
    connection: sqlite3.Connection, place: tuple[str, str], user: int, record: str, at_unix_s: float
) -> None:
    """Keep a user's one record at a ``place``: its table and column."""
    table, column = place
    connection.execute(
        f"INSERT OR REPLACE INTO {table} (user_id, {column}, saved_unix_s) VALUES (?, ?, ?)",
        (user, record, at_unix_s),
    )


def recording_id(
    connection: sqlite3.Connection, stream: Stream, at_unix_s: float | None = None
) -> int:
    """Return the open recording of a stream, and begin one if there is none."""
    known = _open_recording(connection, stream.key)
    if known is not None:
        return known
    at_s = stream.opened_unix_s if at_unix_s is None else at_unix_s
    device = stream.device
    row = {
        "user_id": user_id(connection, stream.patient_id, at_s),
        "device_id": EnsureDevice(stream.patient_id, device, at_s).apply(connection),
        "stream": stream.key,
        "timestamp": at_s,
        "sampling_rate": device.fs_hz,
        "num_leads": len(device.leads),
        "leads": to_json(device.leads),
        "counts_per_mv": device.counts_per_mv,
        "baseline_counts": device.baseline_counts,
        "boot_id": stream.boot_id,
        "started_mono_s": stream.opened_mono_s + at_s - stream.opened_unix_s,
    }
    return insert(connection, "recordings", row)


def latest_recording_id(connection: sqlite3.Connection, stream: Stream | None) -> int | None:
    """Return the newest recording of a stream, open or not; begin one if there is none."""
    if stream is None:
        return None
    newest = "SELECT max(id) FROM recordings WHERE stream = ?"
    found = connection.execute(newest, (stream.key,)).fetchone()[0]
    return recording_id(connection, stream) if found is None else int(found)


def finish_recording(
    connection: sqlite3.Connection, recording: int, reason: str, at_unix_s: float
) -> None:
    """Mark a recording as finished; ``packing`` does the rest."""
    connection.execute(
        "UPDATE recordings SET finished_unix_s = ?, finish_reason = ? WHERE id = ?",
        (at_unix_s, reason, recording),
    )


def _find_user(connection: sqlite3.Connection, patient_id: str) -> int | None:
    row = connection.execute("SELECT id FROM users WHERE patient_id = ?", (patient_id,)).fetchone()
    return None if row is None else int(row[0])


def _open_recording(connection: sqlite3.Connection, stream_key: str) -> int | None:
    row = connection.execute(
        "SELECT id FROM recordings WHERE stream = ? AND finished_unix_s IS NULL", (stream_key,)
    ).fetchone()
    return None if row is None else int(row[0])
