"""Recordings as a table, and what an export says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from ecgd.cli.moments import local_time
from ecgd.cli.tables import plain_table
from ecgd.cli.words import clean, count, duration
from ecgd.store.catalogue import Coverage, StoredStream

Json = dict[str, Any]


def record_shape(stream: StoredStream, coverage: Coverage, now_unix_s: float) -> Json:
    """Return a recording as JSON."""
    device = stream.device
    return {
        "id": stream.id,
        "patient_id": stream.patient_id,
        "device_id": device.device_id,
        "began_unix_s": stream.began_unix_s,
        "age_s": max(0.0, now_unix_s - stream.began_unix_s),
        "duration_s": stream.ended_unix_s - stream.began_unix_s,
        "finished": stream.is_finished,
        "leads": list(device.leads),
        "fs_hz": device.fs_hz,
        "counts_per_mv": device.counts_per_mv,
        "baseline_counts": device.baseline_counts,
        "bytes": stream.raw_bytes,
        "gaps": coverage.gap_count,
        "missing_s": coverage.missing_samples / device.fs_hz,
        "kept_s": coverage.valid_samples / device.fs_hz,
        "damaged_pieces": coverage.damaged,
        "alerts": stream.alert_count,
    }


def records_table(records: list[Json]) -> RenderableType:
    """Return one line a recording."""
    if not records:
        return Text("no recordings", style="dim")
    table = plain_table("id", "patient", "began", "lasted", "device, leads", "gaps", "alerts")
    for column in (table.columns[0], table.columns[-1]):
        column.justify = "right"
    table.columns[2].no_wrap = True
    for record in records:
        table.add_row(
            str(record["id"]),
            Text(clean(record["patient_id"])),
            local_time(record["began_unix_s"], seconds=False),
            Text(_lasted(record)),
            Text(_device(record)),
            Text(_gaps(record)),
            Text(str(record["alerts"]), "yellow" if record["alerts"] else "dim"),
        )
    return table


def _lasted(record: Json) -> str:
    return duration(record["duration_s"]) + ("" if record["finished"] else " so far")


def _device(record: Json) -> str:
    leads = " ".join(clean(lead) for lead in record["leads"])
    return f"{clean(record['device_id'])}, {leads}, {record['fs_hz']:g} Hz"


def _gaps(record: Json) -> str:
    if not record["bytes"]:
        return "no longer kept"
    damaged = f", {count(record['damaged_pieces'], 'piece')} damaged"
    gaps = f"{record['gaps']} ({duration(record['missing_s'])})" if record["gaps"] else "none"
    return gaps + (damaged if record["damaged_pieces"] else "")


def export_lines(account: Json) -> Iterator[str]:
    """Yield what was exported, in words."""
    for path in account["files"]:
        yield f"wrote {path}"
    leads = ", ".join(clean(lead) for lead in account["leads"])
    yield (
        f"{duration(account['duration_s'])} of {clean(account['patient_id'])} since "
        f"{local_time(account['began_unix_s'])}, leads {leads} at {account['fs_hz']:g} Hz, "
        f"device {clean(account['device_id'])}"
    )
    if account["gaps"]:
        missing_s = account["missing_samples"] / account["fs_hz"]
        yield f"{count(account['gaps'], 'gap')}, {duration(missing_s)} together"
    if account["damaged_pieces"]:
        yield f"{count(account['damaged_pieces'], 'piece')} of waveform could not be read"
    if account["samples_stored_twice"]:
        twice = count(account["samples_stored_twice"], "sample")
        yield f"{twice} had been stored twice; the first of each is exported"
