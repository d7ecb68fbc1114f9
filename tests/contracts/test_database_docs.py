"""docs/database.md names each table and column, and every stored value has its column."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest

from ecgd.model.alarm import Alert, OutboxItem
from ecgd.model.device import DeviceInfo, DeviceStatus
from ecgd.store import (
    checkpoint,
    codec,
    commit,
    marks,
    packing,
    queues,
    staging,
    worker,
    writer,
)
from ecgd.store.migrations import migrate, newest_version

TEXT = (Path(__file__).parents[2] / "docs" / "database.md").read_text(encoding="utf-8")


def read_schema() -> dict[str, list[str]]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {
            name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
            for (name,) in tables
        }


SCHEMA = read_schema()

DOCUMENT_COLUMNS = {
    "recordings": "id user_id timestamp duration_seconds sampling_rate num_leads raw_data"
    " preprocessed_data",
    "analysis_results": "id recording_id model_name prediction confidence features",
    "alerts": "id recording_id timestamp event_type severity description user_notified",
    "device_status": "id user_id timestamp battery_level signal_quality bluetooth_connected"
    " electrode_contact_quality",
    "users": "id name created_at",
    "heartbeats": "user_id timestamp bpm anomaly_type",
}


def documented_columns(table: str) -> list[str]:
    section = re.search(rf"^### `{table}`$(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert section is not None, f"docs/database.md has no section on {table}"
    return re.findall(r"^\| `(\w+)` \|", section.group(1), re.MULTILINE)


@pytest.mark.parametrize("table", SCHEMA)
def test_each_column_is_documented(table: str) -> None:
    assert documented_columns(table) == SCHEMA[table]


def test_no_other_table_is_documented() -> None:
    assert re.findall(r"^### `(\w+)`$", TEXT, re.MULTILINE) == list(SCHEMA)


def test_the_version_is_documented() -> None:
    assert f"Schema version: {newest_version()}." in TEXT
    assert f"format version {codec.VERSION}" in TEXT


@pytest.mark.parametrize("table", DOCUMENT_COLUMNS)
def test_the_requested_columns_are_there(table: str) -> None:
    assert set(DOCUMENT_COLUMNS[table].split()) <= set(SCHEMA[table])


@pytest.mark.parametrize(
    ("value", "table", "elsewhere"),
    [
        (
            Alert,
            "alerts",
            {"patient_id", "occurred_unix_s", "patient_label", "patient_number"},
        ),
        (OutboxItem, "outbox", {"purpose"}),
        (DeviceInfo, "devices", set()),
        (DeviceStatus, "device_status", set()),
    ],
)
def test_each_field_has_a_column(value: type, table: str, elsewhere: set[str]) -> None:
    names = {field.name for field in fields(value)}
    assert names - elsewhere <= set(SCHEMA[table])


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("alerts that wait", queues.ALERTS_MAX),
        ("other changes that wait", queues.URGENT_MAX),
        ("blocks and rows in the inbox", queues.TELEMETRY_MAX),
        ("MiB of samples in the inbox", queues.TELEMETRY_BYTES_MAX >> 20),
        ("coded pieces and rows that wait", staging.ROWS_MAX),
        ("s that finished pieces wait for company", writer.GATHER_S),
        ("s of signal in one recording", writer.RECORDING_S),
        ("s between looks for recordings to pack", worker.PACK_EVERY_S),
        ("s between retries, at most", commit.RETRY_LONGEST_S),
        ("s between two checkpoints", checkpoint.CHECKPOINT_EVERY_S),
        ("pages in the log, without a reader", checkpoint.AUTOCHECKPOINT_PAGES),
        ("MiB of log that a reader keeps, a fault", checkpoint.BLOCKED_LOG_BYTES >> 20),
        ("MiB of log that a reader keeps, at most", checkpoint.LOG_MAX_BYTES >> 20),
        ("s between two marks of the running time", marks.MARK_EVERY_S),
        ("days that a clock may be ahead at a start", marks.GAP_MAX_S / 86400),
        ("counts per mV of the preprocessed signal", packing.PREPROCESSED_COUNTS_PER_MV),
    ],
)
def test_the_limits_are_documented(name: str, limit: float) -> None:
    found = re.search(rf"^\| {re.escape(name)} \| ([\d.]+) \|", TEXT, re.MULTILINE)
    assert found is not None, name
    assert float(found.group(1)) == limit
