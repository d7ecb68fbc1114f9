"""A database with rows of any age, written through the store's own operations."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from store_examples import DEVICE, FS_HZ, NOW_UNIX_S, make_alert

from ecgd.model.alarm import Alert
from ecgd.model.device import DeviceStatus
from ecgd.model.signal import SampleBlock
from ecgd.store.alarms import StoreAlert
from ecgd.store.codec import Segment, encode
from ecgd.store.database import open_checked
from ecgd.store.figures import StoreDeviceStatus, StoreHeartbeat, StoreResult
from ecgd.store.operations import CloseRecording, StoreSegment
from ecgd.store.packing import Packer, PackNext
from ecgd.store.streams import Stream

DAY_S = 86400.0
PIECE_S = 5
PACKER = Packer(30.0, None)


@dataclass(frozen=True, slots=True)
class Ages:
    """Writes to one connection; ages are in days before ``NOW_UNIX_S``."""

    connection: sqlite3.Connection

    def record(
        self, patient: str, age_days: float, seconds: int = 60, key: str = "", start_s: int = 0
    ) -> Stream:
        """Store a packed recording of noise that began so long ago."""
        begin_s = NOW_UNIX_S - age_days * DAY_S
        stream = Stream(key or f"{patient} {age_days}", patient, DEVICE, "boot", begin_s, 0.0)
        noise = np.random.default_rng(seconds)
        for second in range(start_s, start_s + seconds, PIECE_S):
            counts = noise.integers(1900, 2200, (2, round(PIECE_S * FS_HZ))).astype(np.int32)
            index = round(second * FS_HZ)
            block = SampleBlock(index, counts, np.ones(counts.shape[1], np.bool_), float(second))
            at_s = begin_s + second - start_s
            data = encode(Segment(block, FS_HZ, 400.0, 2048, at_s))
            StoreSegment(stream, index, counts.shape[1], at_s, data, 600.0).apply(self.connection)
        CloseRecording(stream, "stopped", begin_s + seconds).apply(self.connection)
        PackNext(PACKER, begin_s + seconds).apply(self.connection)
        return stream

    def alert(self, name: str, age_days: float, stream: Stream | None, **changes: object) -> Alert:
        """Store an alert of a real heart, unless ``changes`` say otherwise."""
        occurred_s = NOW_UNIX_S - age_days * DAY_S
        alert = replace(make_alert(name), simulated=False, occurred_unix_s=occurred_s)
        alert = replace(alert, **changes)  # type: ignore[arg-type]
        StoreAlert(alert, (), stream).apply(self.connection)
        return alert

    def heartbeats(self, patient: str, age_days: float, rates: list[float | None]) -> None:
        """Store one a second, the first at the start of a minute."""
        begin_s = minute_of(age_days)
        for second, bpm in enumerate(rates):
            anomaly = "PAUSE" if bpm is not None and bpm < 30 else None
            StoreHeartbeat(patient, begin_s + second, bpm, anomaly).apply(self.connection)

    def result(self, patient: str, at_unix_s: float, **changes: object) -> None:
        """Store one answer of the rules, unless ``changes`` say otherwise."""
        result = StoreResult(
            patient, None, at_unix_s, 0, 1250, "normal", "NORMAL", "rules", 0.05, 0.9, None
        )
        StoreResult.apply(replace(result, **changes), self.connection)  # type: ignore[arg-type]

    def status(self, patient: str, at_unix_s: float, status: DeviceStatus, **more: object) -> None:
        """Store what a device said."""
        values: dict[str, object] = {"battery_percent": 80.0, "connected": True} | more
        StoreDeviceStatus(
            patient,
            at_unix_s,
            status,
            signal_quality=0.9,
            **values,  # type: ignore[arg-type]
        ).apply(self.connection)


def minute_of(age_days: float) -> float:
    """Return the start of the minute so many days ago."""
    return (NOW_UNIX_S - age_days * DAY_S) // 60 * 60


def open_ages(path: Path) -> Ages:
    """Make a database, or open it; nothing is durable, and fast."""
    connection = open_checked(path)[0]
    connection.execute("PRAGMA synchronous = OFF")
    return Ages(connection)


def count(connection: sqlite3.Connection, table: str) -> int:
    """Return the number of rows."""
    found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found
