"""Finished recordings: their pieces become one ``raw_data``, in one transaction.

The analysed signal around alerts is computed from the raw one at the same time.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ecgd.model.signal import BoolArray, FloatArray, SampleBlock
from ecgd.store import codec
from ecgd.store.codec import Segment
from ecgd.store.operations import finish_recording

Preprocess = Callable[[FloatArray, BoolArray, float], FloatArray]
"""(signal in mV (lead, sample), validity (sample,), fs_hz) to the preprocessed signal, same shape.

The signal is finite everywhere; where it is not valid it means nothing.
"""

PREPROCESSED_COUNTS_PER_MV = 10_000.0
"""Preprocessed signal is kept in steps of 0.1 µV."""

_COUNT_LIMIT = 2**31 - 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Packer:
    """Packs finished recordings; ``around_alert_s`` either side of an alert is preprocessed."""

    around_alert_s: float
    preprocess: Preprocess | None

    def ready(self, connection: sqlite3.Connection, now_unix_s: float) -> int | None:
        """Return a finished recording that can be packed.

        One that the next recording continues waits until an alert can no longer reach back into
        it; after a step of the wall clock into the past it waits no longer than that, either.
        """
        row = connection.execute(
            "SELECT id FROM recordings WHERE raw_data IS NULL AND finished_unix_s IS NOT NULL"
            " AND (finish_reason <> 'continued' OR abs(? - finished_unix_s) > ?)"
            " ORDER BY id LIMIT 1",
            (now_unix_s, self.around_alert_s),
        ).fetchone()
        return None if row is None else int(row[0])

    def pack(self, connection: sqlite3.Connection, recording: int) -> None:
        """Pack one recording. Runs inside a transaction; raises sqlite3.Error."""
        rows = connection.execute(
            "SELECT data FROM waveform_segments WHERE recording_id = ? ORDER BY id", (recording,)
        ).fetchall()
        raw = b"".join(row[0] for row in rows)
        connection.execute(
            "UPDATE recordings SET raw_data = ?, preprocessed_data = ? WHERE id = ?",
            (raw, self._preprocessed(connection, recording, raw), recording),
        )
        connection.execute("DELETE FROM waveform_segments WHERE recording_id = ?", (recording,))

    def _preprocessed(
        self, connection: sqlite3.Connection, recording: int, raw: bytes
    ) -> bytes | None:
        alerts = _alert_indices(connection, recording)
        if self.preprocess is None or not alerts:
            return None
        segments, _ = codec.read_all(raw)
        pieces: list[bytes] = []
        for stretch in _stretches(_near(segments, alerts, self.around_alert_s)):
            try:
                pieces.append(codec.encode(preprocessed_segment(stretch, self.preprocess)))
            except Exception:  # noqa: BLE001 - foreign code must not keep the raw signal off the disk
                _log.exception("signal around an alert of recording %d not preprocessed", recording)
        return b"".join(pieces) or None


@dataclass(frozen=True, slots=True)
class PackNext:
    """Pack one recording that is ready; gives its id, 0: none is."""

    packer: Packer
    now_unix_s: float

    def apply(self, connection: sqlite3.Connection) -> int:
        recording = self.packer.ready(connection, self.now_unix_s)
        if recording is not None:
            self.packer.pack(connection, recording)
        return recording or 0


def finish_interrupted(connection: sqlite3.Connection, live_streams: Iterable[str]) -> int:
    """Finish recordings that no live stream owns: an earlier process was killed. Returns a count.

    Runs inside a transaction.
    """
    live = set(live_streams)
    rows = connection.execute(
        "SELECT id, stream, timestamp + duration_seconds FROM recordings"
        " WHERE finished_unix_s IS NULL"
    ).fetchall()
    orphans = [(int(row[0]), float(row[2])) for row in rows if row[1] not in live]
    for recording, end_unix_s in orphans:
        finish_recording(connection, recording, "interrupted", end_unix_s)
    return len(orphans)


def preprocessed_segment(stretch: list[Segment], preprocess: Preprocess) -> Segment:
    """Return the preprocessed signal of adjoining pieces as one piece."""
    first = stretch[0]
    counts = np.concatenate([segment.block.counts for segment in stretch], axis=1)
    valid = np.concatenate([segment.block.valid for segment in stretch])
    signal_mv = (counts - float(first.baseline_counts)) / first.counts_per_mv
    processed = np.nan_to_num(preprocess(signal_mv, valid, first.fs_hz))
    scaled = np.clip(np.rint(processed * PREPROCESSED_COUNTS_PER_MV), -_COUNT_LIMIT, _COUNT_LIMIT)
    block = SampleBlock(
        first.block.start_index, scaled.astype(np.int32), valid, stretch[-1].block.arrived_s
    )
    return Segment(block, first.fs_hz, PREPROCESSED_COUNTS_PER_MV, 0, first.unix_s)


def _alert_indices(connection: sqlite3.Connection, recording: int) -> list[int]:
    """Return where in the recording's stream alerts were raised."""
    rows = connection.execute(
        "SELECT alerts.sample_index FROM alerts"
        " JOIN recordings AS theirs ON theirs.id = alerts.recording_id"
        " JOIN recordings AS ours ON ours.stream = theirs.stream"
        " WHERE ours.id = ? AND alerts.sample_index IS NOT NULL",
        (recording,),
    ).fetchall()
    return [int(row[0]) for row in rows]


def _near(segments: Iterable[Segment], alerts: list[int], around_s: float) -> list[Segment]:
    return [
        segment
        for segment in segments
        if any(
            segment.block.start_index < index + around_s * segment.fs_hz
            and index - around_s * segment.fs_hz < segment.block.end_index
            for index in alerts
        )
    ]


def _stretches(segments: list[Segment]) -> list[list[Segment]]:
    """Group pieces that adjoin."""
    stretches: list[list[Segment]] = []
    for segment in segments:
        if stretches and stretches[-1][-1].block.end_index == segment.block.start_index:
            stretches[-1].append(segment)
        else:
            stretches.append([segment])
    return stretches
