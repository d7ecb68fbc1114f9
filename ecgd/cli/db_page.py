"""The page of ``ecgctl db info``."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.text import Text

from ecgd.cli.tables import plain_table
from ecgd.cli.words import clean, count, duration, megabytes
from ecgd.store.survey import Forecast, Survey, TableSize


def info_page(found: Survey, *, settings_known: bool) -> RenderableType:
    """Return the whole page."""
    return Group(
        Text(clean(found.path), "bold"),
        *(Text(line) for line in _summary(found)),
        Text(),
        _tables(found.tables),
        Text(),
        *(Text(line) for line in _outlook(found, settings_known=settings_known)),
    )


def _summary(found: Survey) -> list[str]:
    version, newest = found.schema_version, found.newest_schema_version
    schema = f"schema {version}" + ("" if version == newest else f" (the daemon makes it {newest})")
    lines = [
        f"{megabytes(found.size_bytes)}, of it {megabytes(found.free_bytes)} free; "
        f"log {megabytes(found.log_bytes)}; disk: {megabytes(found.disk_free_bytes)} free",
        f"{schema}; {count(found.patients, 'patient')}; "
        f"{duration(found.recorded_days * 86400)} of whole signal",
    ]
    if found.bytes_per_patient_day is not None:
        lines.append(f"{megabytes(found.bytes_per_patient_day)} a patient and day")
    return lines


def _tables(tables: tuple[TableSize, ...]) -> RenderableType:
    table = plain_table("table", "rows", "size", "oldest", "newest")
    for column in table.columns[1:3]:
        column.justify = "right"
    for each in tables:
        table.add_row(
            each.table,
            f"{each.rows:,}".replace(",", "\N{NO-BREAK SPACE}"),
            megabytes(each.size_bytes),
            _day(each.oldest_unix_s),
            _day(each.newest_unix_s),
        )
    return table


def _outlook(found: Survey, *, settings_known: bool) -> list[str]:
    if found.forecast is None:
        return ["Start the daemon once: it brings the schema up to date."]
    lines = _retention(found.forecast, settings_known=settings_known)
    if found.bytes_per_patient_day:
        days = found.disk_free_bytes / found.bytes_per_patient_day
        lines.append(
            f"The free disk holds {days:,.0f} more patient-days of detail.".replace(",", " ")
        )
    return lines


def _retention(forecast: Forecast, *, settings_known: bool) -> list[str]:
    known = "" if settings_known else " (the default; --config FILE shows yours)"
    lines = [
        f"Detail is kept for {forecast.waveform_days:g} days{known}.",
        f"Waveform within {forecast.alert_waveform_s:g} s of real alerts stays, and so do trends.",
        f"Days are those in which the gateway runs: {forecast.running_days:.1f} so far.",
    ]
    if forecast.due_recordings:
        due = count(forecast.due_recordings, "recording")
        lines.append(f"Due now: {due}, {megabytes(forecast.due_bytes)}.")
    else:
        lines.append("Nothing is due now.")
    return lines


def _day(unix_s: float | None) -> str:
    if unix_s is None:
        return ""
    try:
        return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "no date"
