"""Reading the database, beside the writer and without hindering it.

Each call opens a read-only connection, makes one consistent snapshot and closes it, so a reader
may live long, serve several threads, and finds the new database after a damaged one was replaced.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ecgd.errors import StoreError
from ecgd.model.alarm import OutboxItem
from ecgd.store import outbox
from ecgd.store.alert_marks import ALERTS, stored_alert
from ecgd.store.capsules import StoredCapsule, read_capsule
from ecgd.store.catalogue import Coverage, StoredStream, list_streams, measure_coverage
from ecgd.store.database import Integrity, connect_read_only, full_check
from ecgd.store.entries import (
    DeviceReading,
    HealthEvent,
    Heartbeat,
    Note,
    Patient,
    Recording,
    Result,
    StoredAlert,
    Trend,
    Waveform,
)
from ecgd.store.faults import fault_of
from ecgd.store.migrations import newest_version, refuse_foreign, version_of
from ecgd.store.outbox import TargetBacklog
from ecgd.store.waveform import (
    RECORDING_COLUMNS,
    between_indices,
    between_unix,
    raw_bytes,
    read_preprocessed,
    read_raw,
    recording_of,
)

LIMIT = 1000
"""Rows that a call returns unless told otherwise."""

OUTBOX_LIMIT = 10_000
"""Undelivered items that a restart takes up."""

TREND_COLUMNS = (
    "timestamp",
    "heartbeats",
    "bpm_min",
    "bpm_median",
    "bpm_max",
    "anomalies",
    "anomaly_type",
    "risk_level",
    "st_mv",
    "battery_level_min",
)
"""What ``Trend`` holds, in order."""


class StoreReader:
    """Reads one database. Every method raises StoreError when it is missing or cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def alerts(
        self,
        *,
        patient_id: str | None = None,
        since_unix_s: float | None = None,
        unacknowledged: bool = False,
        after_id: int = 0,
        before_id: int | None = None,
        limit: int = LIMIT,
    ) -> tuple[StoredAlert, ...]:
        """Return alerts, the newest first."""
        conditions = ["alerts.id > :after_id"]
        if before_id is not None:
            conditions.append("alerts.id < :before_id")
        if patient_id is not None:
            conditions.append("users.patient_id = :patient_id")
        if since_unix_s is not None:
            conditions.append("alerts.timestamp >= :since_unix_s")
        if unacknowledged:
            conditions.append("alerts.acknowledged_unix_s IS NULL")
        query = ALERTS + " AND ".join(conditions) + " ORDER BY alerts.id DESC LIMIT :limit"
        values: dict[str, Any] = {"after_id": after_id, "before_id": before_id, "limit": limit}
        values |= {"patient_id": patient_id, "since_unix_s": since_unix_s}
        rows = self._rows(query, values)
        return tuple(stored_alert(row) for row in rows)

    def alert(self, alert_id: str) -> StoredAlert | None:
        """Return one alert by its own id, or by a beginning of it that is unique."""
        query = ALERTS + "alerts.alert_id >= :id AND alerts.alert_id < :id || char(0x10ffff)"
        rows = self._rows(query + " ORDER BY alerts.alert_id LIMIT 2", {"id": alert_id})
        unique = len(rows) == 1 or (rows and rows[0]["alert_id"] == alert_id)
        return stored_alert(rows[0]) if unique else None

    def patients(self) -> tuple[Patient, ...]:
        """Return every patient, by id."""
        rows = self._rows(
            "SELECT id, patient_id, name, created_at, sex, birth_year,"
            " (SELECT count(*) FROM alerts WHERE user_id = users.id"
            "  AND acknowledged_unix_s IS NULL),"
            " (SELECT max(timestamp) FROM recordings WHERE user_id = users.id),"
            " archived_unix_s"
            " FROM users ORDER BY patient_id"
        )
        return tuple(Patient(*row) for row in rows)

    def recordings(
        self, patient_id: str | None = None, *, unfinished: bool = False, limit: int = LIMIT
    ) -> tuple[Recording, ...]:
        """Return recordings, the newest first."""
        rows = self._rows(
            f"SELECT {RECORDING_COLUMNS} WHERE (:patient IS NULL OR users.patient_id = :patient)"
            " AND (NOT :unfinished OR recordings.finished_unix_s IS NULL)"
            " ORDER BY recordings.id DESC LIMIT :limit",
            {"patient": patient_id, "unfinished": unfinished, "limit": limit},
        )
        return tuple(recording_of(row) for row in rows)

    def waveform(
        self, patient_id: str, start_unix_s: float, end_unix_s: float
    ) -> tuple[Waveform, ...]:
        """Return the pieces that overlap a stretch of wall time, one entry a recording."""
        with self._snapshot() as connection:
            rows = connection.execute(
                f"SELECT {RECORDING_COLUMNS} WHERE users.patient_id = :patient"
                " AND recordings.timestamp < :end"
                " AND recordings.timestamp + recordings.duration_seconds > :start"
                " ORDER BY recordings.id",
                {"patient": patient_id, "start": start_unix_s, "end": end_unix_s},
            ).fetchall()
            found = (read_raw(connection, recording_of(row)) for row in rows)
            cut = (between_unix(waveform, start_unix_s, end_unix_s) for waveform in found)
            return tuple(waveform for waveform in cut if waveform.blocks or waveform.damaged)

    def recording_waveform(self, recording_id: int, *, preprocessed: bool = False) -> Waveform:
        """Return all of one recording, raw or as preprocessed around its alerts."""
        with self._snapshot() as connection:
            row = connection.execute(
                f"SELECT {RECORDING_COLUMNS} WHERE recordings.id = ?", (recording_id,)
            ).fetchone()
            if row is None:
                raise StoreError(f"There is no recording {recording_id}", "List the recordings")
            read = read_preprocessed if preprocessed else read_raw
            return read(connection, recording_of(row))

    def waveform_around_alert(
        self, alert_id: str, before_s: float, after_s: float
    ) -> tuple[Waveform, ...]:
        """Return the pieces around an alert, by sample index: no wall clock is trusted."""
        with self._snapshot() as connection:
            row = connection.execute(
                "SELECT alerts.sample_index, recordings.stream, recordings.sampling_rate"
                " FROM alerts JOIN recordings ON recordings.id = alerts.recording_id"
                " WHERE alerts.alert_id = ? AND alerts.sample_index IS NOT NULL",
                (alert_id,),
            ).fetchone()
            if row is None:
                return ()
            index, stream, fs_hz = row
            start, end = int(index - before_s * fs_hz), int(index + after_s * fs_hz)
            rows = connection.execute(
                f"SELECT {RECORDING_COLUMNS} WHERE recordings.stream = ?"
                " AND recordings.start_index < ? AND recordings.end_index > ?"
                " ORDER BY recordings.id",
                (stream, end, start),
            ).fetchall()
            found = (read_raw(connection, recording_of(row)) for row in rows)
            return tuple(between_indices(waveform, start, end) for waveform in found)

    def streams(
        self,
        patient_id: str | None = None,
        *,
        recording_id: int | None = None,
        since_unix_s: float | None = None,
        until_unix_s: float | None = None,
        limit: int = LIMIT,
    ) -> tuple[StoredStream, ...]:
        """Return uninterrupted recordings, the newest first; one alone by any row of it."""
        with self._snapshot() as connection:
            return list_streams(
                connection,
                patient=patient_id,
                recording=recording_id,
                since=since_unix_s,
                until=until_unix_s,
                limit=limit,
            )

    def coverage(self, stream: StoredStream) -> Coverage:
        """Return how much of a recording is there; its rows are read one after the other."""
        with self._snapshot() as connection:
            return measure_coverage(raw_bytes(connection, each) for each in stream.row_ids)

    def results(
        self, patient_id: str, since_unix_s: float, limit: int = LIMIT
    ) -> tuple[Result, ...]:
        """Return what the rules and the networks said, the newest first."""
        rows = self._of_patient(
            "analysis_results.id, recording_id, timestamp, start_index, end_index, outcome,"
            " risk_level, model_name, prediction, confidence, features FROM analysis_results",
            patient_id,
            since_unix_s,
            limit,
        )
        return tuple(Result(*row) for row in rows)

    def heartbeats(
        self, patient_id: str, since_unix_s: float, limit: int = LIMIT
    ) -> tuple[Heartbeat, ...]:
        """Return beats, the newest first."""
        rows = self._of_patient(
            "timestamp, bpm, anomaly_type FROM heartbeats", patient_id, since_unix_s, limit
        )
        return tuple(Heartbeat(*row) for row in rows)

    def health_events(
        self, patient_id: str, since_unix_s: float = 0.0, limit: int = LIMIT
    ) -> tuple[HealthEvent, ...]:
        """Return health events, the newest first."""
        rows = self._of_patient(
            "health_events.id, users.patient_id, timestamp, event_type, message, details"
            " FROM health_events",
            patient_id,
            since_unix_s,
            limit,
        )
        return tuple(HealthEvent(*row) for row in rows)

    def notes(
        self, patient_id: str, since_unix_s: float = 0.0, limit: int = LIMIT
    ) -> tuple[Note, ...]:
        """Return remarks, the newest first."""
        rows = self._of_patient(
            "notes.id, users.patient_id, timestamp, author, text FROM notes",
            patient_id,
            since_unix_s,
            limit,
        )
        return tuple(Note(*row) for row in rows)

    def trends(
        self, patient_id: str, since_unix_s: float = 0.0, limit: int = LIMIT
    ) -> tuple[Trend, ...]:
        """Return the minutes that old figures became, the newest first."""
        rows = self._rows(
            f"SELECT {', '.join(TREND_COLUMNS)} FROM trends"
            " WHERE user_id = (SELECT id FROM users WHERE patient_id = ?) AND timestamp >= ?"
            " ORDER BY timestamp DESC, pass DESC LIMIT ?",
            (patient_id, since_unix_s, limit),
        )
        return tuple(_trend(row) for row in rows)

    def device_readings(
        self, patient_id: str, since_unix_s: float = 0.0, limit: int = LIMIT
    ) -> tuple[DeviceReading, ...]:
        """Return status reports, the newest first."""
        rows = self._of_patient(
            "timestamp, battery_level, signal_quality, bluetooth_connected,"
            " electrode_contact_quality, battery_mv, electrodes_off FROM device_status",
            patient_id,
            since_unix_s,
            limit,
        )
        return tuple(_device_reading(row) for row in rows)

    def pending_outbox(self, limit: int = OUTBOX_LIMIT) -> tuple[OutboxItem, ...]:
        """Return what still has to be delivered, the gravest first, then the oldest."""
        with self._snapshot() as connection:
            return outbox.pending_items(connection, limit)

    def outbox_backlogs(self) -> tuple[TargetBacklog, ...]:
        """Return counts and age of what waits, for each target."""
        with self._snapshot() as connection:
            return outbox.backlogs(connection)

    def alarm_books(self) -> dict[str, dict[str, Any]]:
        """Return each patient's alarms as they were saved last; empty where that is no record."""
        return self._records("book", "alarm_state")

    def baselines(self) -> dict[str, dict[str, Any]]:
        """Return what is usual for each patient, as it was saved last."""
        return self._records("record", "baselines")

    def evolutions(self) -> dict[str, dict[str, Any]]:
        """Return how each patient's ST, T and Q have gone, as it was saved last."""
        return self._records("record", "evolutions")

    def capsule(self, alert_id: str) -> StoredCapsule | None:
        """Return the capsule that tells of an alert, as far as it is there."""
        with self._snapshot() as connection:
            return read_capsule(connection, alert_id)

    def schema_version(self) -> int:
        """Return the schema's version."""
        with self._snapshot() as connection:
            return version_of(connection)

    def check(self) -> Integrity:
        """Check everything; takes minutes on years of waveform, and hinders nobody."""
        with self._snapshot() as connection:
            return full_check(connection)

    def _records(self, column: str, table: str) -> dict[str, dict[str, Any]]:
        rows = self._rows(f"SELECT patient_id, {column} FROM {table} JOIN users ON id = user_id")
        return {row[0]: _record_of(row[1]) for row in rows}

    def _of_patient(
        self, columns: str, patient_id: str, since_unix_s: float, limit: int
    ) -> list[sqlite3.Row]:
        table = columns.rsplit(" ", 1)[1]
        return self._rows(
            f"SELECT {columns} JOIN users ON users.id = {table}.user_id"
            f" WHERE users.patient_id = ? AND timestamp >= ? ORDER BY {table}.id DESC LIMIT ?",
            (patient_id, since_unix_s, limit),
        )

    def _rows(self, query: str, values: Any = ()) -> list[sqlite3.Row]:
        with self._snapshot() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        _refuse_missing(self._path)
        try:
            with closing(connect_read_only(self._path)) as connection:
                connection.row_factory = sqlite3.Row
                refuse_foreign(connection)
                _refuse_older(connection)
                connection.execute("BEGIN")
                yield connection
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise StoreError(f"Cannot read {self._path}: {fault_of(error)}") from error


def _refuse_missing(path: Path) -> None:
    try:
        path.stat()
    except FileNotFoundError as error:
        raise StoreError(f"There is no database at {path}", "Start the daemon once") from error
    except OSError as error:
        raise StoreError(
            f"{path} may not be read by this user: {error.strerror}",
            "Join the daemon's group (sudo usermod -aG ecgd $USER) or use sudo",
        ) from error


def _refuse_older(connection: sqlite3.Connection) -> None:
    version = version_of(connection)
    if version < newest_version():
        raise StoreError(
            f"The database has schema version {version}, this program needs {newest_version()}",
            "Start the daemon once: it brings the database up to date",
        )


def _record_of(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _trend(row: sqlite3.Row) -> Trend:
    values = dict(row) | {"st_mv": _record_of(row["st_mv"])}
    return Trend(values.pop("timestamp"), **values)


def _device_reading(row: sqlite3.Row) -> DeviceReading:
    off = row["electrodes_off"]
    return DeviceReading(
        at_unix_s=row["timestamp"],
        battery_level=row["battery_level"],
        signal_quality=row["signal_quality"],
        connected=bool(row["bluetooth_connected"]),
        electrode_contact_quality=row["electrode_contact_quality"],
        battery_mv=row["battery_mv"],
        electrodes_off=None if off is None else tuple(json.loads(off)),
    )
