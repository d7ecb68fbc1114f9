"""What signal there is: rows of ``recordings`` that continue each other, seen as one recording."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ecgd.model.device import DeviceInfo
from ecgd.store import codec

_SIZE: Final = (
    "ifnull(length(raw_data),"
    " (SELECT sum(length(data)) FROM waveform_segments WHERE recording_id = recordings.id))"
)

_STREAMS: Final = f"""
    SELECT min(recordings.id) AS id, group_concat(recordings.id) AS rows, stream,
        users.patient_id, users.name, min(timestamp) AS began,
        max(timestamp + duration_seconds) AS ended, min(start_index) AS start_index,
        max(end_index) AS end_index, count(*) = count(finished_unix_s) AS finished,
        total({_SIZE}) AS size, sampling_rate, recordings.leads, recordings.counts_per_mv,
        recordings.baseline_counts, devices.device_id, devices.adc_bits, devices.firmware,
        devices.protocol, devices.highpass_hz, devices.lowpass_hz, devices.notch_on,
        (SELECT count(*) FROM alerts JOIN recordings AS its ON its.id = alerts.recording_id
         WHERE its.stream = recordings.stream) AS alerts
    FROM recordings JOIN users ON users.id = recordings.user_id
        JOIN devices ON devices.id = recordings.device_id
    WHERE (:patient IS NULL OR users.patient_id = :patient)
        AND (:recording IS NULL
             OR stream = (SELECT stream FROM recordings WHERE id = :recording))
        AND start_index IS NOT NULL
    GROUP BY stream
    HAVING (:since IS NULL OR ended > :since) AND (:until IS NULL OR began < :until)
    ORDER BY min(recordings.id) DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True)
class StoredStream:
    """An uninterrupted recording: its signal lies in ``row_ids`` of ``recordings``, in order.

    ``id`` is the first of them that is still there. ``device`` has the scale of the signal and what
    is known of the device by now. ``raw_bytes`` 0: the signal itself is no longer kept.
    """

    id: int
    row_ids: tuple[int, ...]
    stream: str
    patient_id: str
    patient_name: str
    device: DeviceInfo
    began_unix_s: float
    ended_unix_s: float
    start_index: int
    end_index: int
    is_finished: bool
    raw_bytes: int
    alert_count: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a recording's stretch of samples is there. ``gap_count`` holes interrupt it."""

    valid_samples: int
    missing_samples: int
    gap_count: int
    damaged: int


def list_streams(connection: sqlite3.Connection, **wanted: Any) -> tuple[StoredStream, ...]:
    """Return recordings, the newest first (``patient``, ``recording``, ``since``, ``until``)."""
    return tuple(_stream_of(row) for row in connection.execute(_STREAMS, wanted))


def _stream_of(row: sqlite3.Row) -> StoredStream:
    device = DeviceInfo(
        device_id=row["device_id"],
        fs_hz=float(row["sampling_rate"]),
        leads=tuple(json.loads(row["leads"])),
        counts_per_mv=row["counts_per_mv"],
        baseline_counts=row["baseline_counts"],
        adc_bits=row["adc_bits"],
        firmware=row["firmware"],
        protocol=row["protocol"],
        highpass_hz=row["highpass_hz"],
        lowpass_hz=row["lowpass_hz"],
        notch_on=bool(row["notch_on"]),
    )
    return StoredStream(
        id=row["id"],
        row_ids=tuple(sorted(int(each) for each in row["rows"].split(","))),
        stream=row["stream"],
        patient_id=row["patient_id"],
        patient_name=row["name"],
        device=device,
        began_unix_s=row["began"],
        ended_unix_s=row["ended"],
        start_index=row["start_index"],
        end_index=row["end_index"],
        is_finished=bool(row["finished"]),
        raw_bytes=int(row["size"]),
        alert_count=row["alerts"],
    )


def measure_coverage(chains: Iterable[bytes]) -> Coverage:
    """Return the coverage of chains of pieces, in order; nothing but their heads is decoded."""
    valid = missing = gaps = damaged = 0
    position: int | None = None
    in_gap = False
    for chain in chains:
        pieces, broken = codec.read_validity(chain)
        damaged += broken
        for start_index, whole_mask in pieces:
            position = start_index if position is None else position
            # What was stored twice counts once.
            mask = whole_mask[max(0, position - start_index) :]
            if start_index > position:
                gaps += not in_gap
                missing += start_index - position
                in_gap = True
            if mask.size:
                here = int(np.count_nonzero(mask))
                ends = np.diff(mask.astype(np.int8), prepend=np.int8(not in_gap)) == -1
                valid, missing = valid + here, missing + mask.size - here
                gaps, in_gap = gaps + int(np.count_nonzero(ends)), not mask[-1]
            position = max(position, start_index + whole_mask.size)
    return Coverage(valid, missing, gaps, damaged)
