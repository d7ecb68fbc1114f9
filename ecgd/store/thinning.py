"""Old recordings: the signal around alerts stays for ever, the rest goes.

Around means by sample index within the alert's own stream, and by wall time in any other of the
patient's recordings. Alerts that are simulated, or about the gateway and its devices, keep nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from ecgd.decision.technical import TECHNICAL_SEVERITY
from ecgd.model.finding import EventType
from ecgd.store import codec
from ecgd.store.codec import Span
from ecgd.store.marks import due_rows

TECHNICAL_EVENTS = frozenset(TECHNICAL_SEVERITY) - {EventType.CHECK_PATIENT}
"""Alerts that keep no waveform: a flaky link would keep nearly all of it."""

_RECORDING_MAX_S = 1200.0
"""An alert belongs to a recording that begins no earlier than this before it."""

_COLUMNS = (
    "id, user_id, stream, timestamp, duration_seconds, sampling_rate, start_index, end_index,"
    " raw_data, length(preprocessed_data)"
)


@dataclass(frozen=True, slots=True)
class _Old:
    """One recording that is due."""

    id: int
    user_id: int
    stream: str
    unix_s: float
    duration_s: float
    fs_hz: float
    start_index: int | None
    end_index: int | None
    raw: bytes
    preprocessed_bytes: int | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What one alert keeps: samples of a stream, and a stretch of wall time."""

    stream: str | None
    start_index: float
    end_index: float
    start_unix_s: float
    end_unix_s: float


@dataclass(frozen=True, slots=True)
class ThinRecording:
    """Thin the oldest recording that is due; returns the bytes that went, plus one; 0: none is."""

    keep_days: float
    around_s: float
    now_unix_s: float | None
    at_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        old = self._oldest(connection)
        if old is None:
            return 0
        kept = tuple(_kept_by_alerts(connection, old, self.around_s))
        raw = _near(old, kept)
        if raw or _has_alerts(connection, old.id):
            self._shorten(connection, old, raw, keeps_preprocessed=bool(kept))
        else:
            _remove(connection, old.id)
        preprocessed_gone = 0 if kept else old.preprocessed_bytes or 0
        return len(old.raw) - len(raw) + preprocessed_gone + 1

    def _oldest(self, connection: sqlite3.Connection) -> _Old | None:
        due = due_rows(connection, "recordings", self.keep_days, self.now_unix_s)
        packed = "thinned_unix_s IS NULL AND raw_data IS NOT NULL"
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM recordings WHERE {packed} AND id <= ? ORDER BY id LIMIT 1",
            (due.marked_id,),
        ).fetchone()
        if row is None:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM recordings WHERE {packed} AND id <= ?"
                " AND timestamp < ? AND timestamp + duration_seconds < ?"
                " ORDER BY timestamp LIMIT 1",
                (due.stamped_id, due.before_unix_s, due.before_unix_s),
            ).fetchone()
        return None if row is None else _Old(*row)

    def _shorten(
        self, connection: sqlite3.Connection, old: _Old, raw: bytes, *, keeps_preprocessed: bool
    ) -> None:
        data = "" if len(raw) == len(old.raw) else ", raw_data = :raw"
        data += "" if keeps_preprocessed else ", preprocessed_data = NULL"
        connection.execute(
            f"UPDATE recordings SET thinned_unix_s = :at{data} WHERE id = :id",
            {"at": self.at_unix_s, "raw": raw, "id": old.id},
        )


def _kept_by_alerts(connection: sqlite3.Connection, old: _Old, around_s: float) -> Iterable[_Kept]:
    """Give what each alert keeps that may reach into the recording."""
    events = ", ".join("?" for _ in TECHNICAL_EVENTS)
    wanted = f"alerts.simulated = 0 AND alerts.event_type NOT IN ({events})"
    technical = tuple(sorted(TECHNICAL_EVENTS))
    by_index = connection.execute(
        "SELECT alerts.sample_index, theirs.sampling_rate FROM recordings AS theirs"
        " JOIN alerts ON alerts.recording_id = theirs.id"
        " WHERE theirs.stream = ? AND theirs.start_index > ? AND theirs.start_index < ?"
        f" AND alerts.sample_index IS NOT NULL AND {wanted}",
        (old.stream, *_reach(old, around_s), *technical),
    )
    for index, fs_hz in by_index.fetchall():
        reach = around_s * fs_hz
        yield _Kept(old.stream, index - reach, index + reach, 0.0, 0.0)
    by_time = connection.execute(
        f"SELECT timestamp FROM alerts WHERE user_id = ? AND timestamp > ? AND timestamp < ?"
        f" AND {wanted}",
        (old.user_id, old.unix_s - around_s, _end_unix_s(old) + around_s, *technical),
    )
    for (at_s,) in by_time.fetchall():
        yield _Kept(None, 0.0, 0.0, at_s - around_s, at_s + around_s)


def _reach(old: _Old, around_s: float) -> tuple[float, float]:
    """Return between which starts a recording of the same stream may have such an alert."""
    before = (around_s + _RECORDING_MAX_S) * old.fs_hz
    return (old.start_index or 0) - before, (old.end_index or 0) + around_s * old.fs_hz


def _end_unix_s(old: _Old) -> float:
    return old.unix_s + old.duration_s


def _near(old: _Old, kept: tuple[_Kept, ...]) -> bytes:
    """Return the pieces that are kept; of a damaged recording that keeps any, everything."""
    if not kept:
        return b""
    spans, damaged = codec.spans(old.raw)
    near = [span for span in spans if any(_overlaps(span, each) for each in kept)]
    if damaged and (near or not spans):
        return old.raw
    return b"".join(old.raw[span.offset : span.offset + span.length] for span in near)


def _overlaps(span: Span, kept: _Kept) -> bool:
    if kept.stream is not None:
        return span.start_index < kept.end_index and kept.start_index < span.end_index
    return span.unix_s < kept.end_unix_s and kept.start_unix_s < span.end_unix_s


def _has_alerts(connection: sqlite3.Connection, recording: int) -> bool:
    found = connection.execute("SELECT 1 FROM alerts WHERE recording_id = ? LIMIT 1", (recording,))
    return found.fetchone() is not None


def _remove(connection: sqlite3.Connection, recording: int) -> None:
    connection.execute(
        "UPDATE analysis_results SET recording_id = NULL WHERE recording_id = ?", (recording,)
    )
    connection.execute("DELETE FROM waveform_segments WHERE recording_id = ?", (recording,))
    connection.execute("DELETE FROM recordings WHERE id = ?", (recording,))
