"""Recordings and their signal, read back exactly as it was stored."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace

from ecgd.errors import StoreError
from ecgd.store import codec
from ecgd.store.codec import Segment
from ecgd.store.entries import Recording, Waveform
from ecgd.store.packing import PREPROCESSED_COUNTS_PER_MV

RECORDING_COLUMNS = (
    "recordings.id, users.patient_id, devices.device_id, stream, timestamp, duration_seconds,"
    " sampling_rate, recordings.leads, recordings.counts_per_mv, recordings.baseline_counts,"
    " start_index, end_index, finished_unix_s, finish_reason,"
    " ifnull(length(raw_data), (SELECT sum(length(data)) FROM waveform_segments"
    "  WHERE recording_id = recordings.id)),"
    " preprocessed_data IS NOT NULL, thinned_unix_s"
    " FROM recordings JOIN users ON users.id = recordings.user_id"
    " JOIN devices ON devices.id = recordings.device_id"
)
"""The end of a SELECT that ``recording_of`` understands; the signal itself is not touched."""


def recording_of(row: sqlite3.Row) -> Recording:
    """Return the recording of a row of ``RECORDING_COLUMNS``."""
    values = list(row)
    values[6] = float(values[6])
    values[7] = tuple(json.loads(values[7]))
    values[14] = values[14] or 0
    values[15] = bool(values[15])
    return Recording(*values)


def read_raw(connection: sqlite3.Connection, recording: Recording) -> Waveform:
    """Return the signal of a recording, packed or still in pieces."""
    segments, damaged = codec.read_all(raw_bytes(connection, recording.id))
    return _waveform(recording, segments, damaged, recording.counts_per_mv)


def read_preprocessed(connection: sqlite3.Connection, recording: Recording) -> Waveform:
    """Return the preprocessed signal around the alerts of a recording; without any: no block."""
    row = connection.execute(
        "SELECT preprocessed_data FROM recordings WHERE id = ?", (recording.id,)
    ).fetchone()
    segments, damaged = codec.read_all(row[0] or b"")
    return _waveform(recording, segments, damaged, PREPROCESSED_COUNTS_PER_MV)


def between_unix(waveform: Waveform, start_unix_s: float, end_unix_s: float) -> Waveform:
    """Keep the pieces that overlap a stretch of wall time."""

    def overlaps(position: int) -> bool:
        begin = waveform.unix_s[position]
        samples = int(waveform.blocks[position].counts.shape[1])
        return begin < end_unix_s and begin + samples / waveform.fs_hz > start_unix_s

    return _keep(waveform, overlaps)


def between_indices(waveform: Waveform, start_index: int, end_index: int) -> Waveform:
    """Keep the pieces that overlap a stretch of samples."""

    def overlaps(position: int) -> bool:
        block = waveform.blocks[position]
        return block.start_index < end_index and block.end_index > start_index

    return _keep(waveform, overlaps)


def _keep(waveform: Waveform, wanted: Callable[[int], bool]) -> Waveform:
    kept = [position for position in range(len(waveform.blocks)) if wanted(position)]
    return replace(
        waveform,
        blocks=tuple(waveform.blocks[position] for position in kept),
        unix_s=tuple(waveform.unix_s[position] for position in kept),
    )


def raw_bytes(connection: sqlite3.Connection, recording_id: int) -> bytes:
    """Return a recording's pieces, one after the other; b"" for one that is gone."""
    row = connection.execute(
        "SELECT raw_data FROM recordings WHERE id = ?", (recording_id,)
    ).fetchone()
    if row is not None and row[0] is not None:
        return bytes(row[0])
    pieces = connection.execute(
        "SELECT data FROM waveform_segments WHERE recording_id = ? ORDER BY id", (recording_id,)
    )
    return b"".join(piece[0] for piece in pieces)


def _waveform(
    recording: Recording, segments: tuple[Segment, ...], damaged: int, counts_per_mv: float
) -> Waveform:
    baseline = {segment.baseline_counts for segment in segments} or {recording.baseline_counts}
    scales = {segment.counts_per_mv for segment in segments} or {counts_per_mv}
    if len(baseline) > 1 or len(scales) > 1:
        raise StoreError(
            f"The pieces of recording {recording.id} have different scales",
            "Decode them one by one with ecgd.store.codec",
        )
    return Waveform(
        recording=recording,
        leads=recording.leads,
        fs_hz=recording.fs_hz,
        counts_per_mv=scales.pop(),
        baseline_counts=baseline.pop(),
        blocks=tuple(segment.block for segment in segments),
        unix_s=tuple(segment.unix_s for segment in segments),
        damaged=damaged,
    )
