"""ecgctl alerts save: alerts and what people said of them, as a table for others to reckon with."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ecgd.cli.database_place import database_options, find_database
from ecgd.cli.since import Since
from ecgd.cli.words import clean, count
from ecgd.errors import ControlError

if TYPE_CHECKING:
    from ecgd.store.entries import StoredAlert
    from ecgd.store.reader import StoreReader

_AT_ONCE: Final = 1000
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

_COLUMNS: Final = (
    *("alert_id", "patient", "occurred_unix_s", "occurred", "event_type", "severity"),
    *("simulated", "st_risk", "heart_rate_bpm", "confidence", "acknowledged_unix_s"),
    *("cleared_unix_s", "verdict", "marked_by", "marked_unix_s", "note", "marks", "config_hash"),
)
_PERSONAL: Final = ("patient", "marked_by", "note")


@click.command("save")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--since",
    type=Since(),
    default="30d",
    show_default=True,
    metavar="TIME",
    help="Alerts of so long, or since then.",
)
@click.option("--patient", metavar="ID", help="Alerts of this patient only.")
@click.option("--nameless", is_flag=True, help="Leave out patient, who marked it, and notes.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@database_options
def save(
    *,
    file: Path,
    since: float,
    patient: str | None,
    nameless: bool,
    force: bool,
    database: Path | None,
    config: Path | None,
    socket: Path | None,
) -> None:
    """Write alerts with their marks into FILE, the oldest first: .csv or .json.

    One line for each alert; of several marks the newest, and how many there are. Needs no daemon.
    """
    from ecgd.store.reader import StoreReader  # noqa: PLC0415 - numpy is slow to load

    if file.suffix not in (".csv", ".json"):
        raise click.UsageError(f"the file's name has to end in .csv or .json: {file}")
    reader = StoreReader(find_database(database, config, socket).path)
    stored = sorted(_all(reader, since, patient), key=lambda each: each.id)
    left_out = _PERSONAL if nameless else ()
    rows = [{k: v for k, v in _row(each).items() if k not in left_out} for each in stored]
    text = json.dumps(rows, indent=2) + "\n" if file.suffix == ".json" else _csv(rows, left_out)
    _write(file, text, force=force)
    marked = sum(row["verdict"] is not None for row in rows)
    click.echo(f"{clean(file)}: {count(len(rows), 'alert')}, {marked} of them marked")


def _all(reader: StoreReader, since: float, patient: str | None) -> Iterator[StoredAlert]:
    """Yield every alert, a part at a time."""
    before: int | None = None
    while True:
        found = reader.alerts(
            patient_id=patient, since_unix_s=since, before_id=before, limit=_AT_ONCE
        )
        yield from found
        if len(found) < _AT_ONCE:
            return
        before = found[-1].id


def _row(stored: StoredAlert) -> dict[str, Any]:
    alert, mark = stored.alert, stored.marks[-1] if stored.marks else None
    return {
        "alert_id": alert.alert_id,
        "patient": alert.patient_id,
        "occurred_unix_s": alert.occurred_unix_s,
        "occurred": datetime.fromtimestamp(alert.occurred_unix_s, UTC).isoformat(
            timespec="seconds"
        ),
        "event_type": alert.event_type.value,
        "severity": alert.severity.name,
        "simulated": alert.simulated,
        "st_risk": None if alert.st_risk is None else alert.st_risk.value,
        "heart_rate_bpm": alert.heart_rate_bpm,
        "confidence": alert.confidence,
        "acknowledged_unix_s": stored.acknowledged_unix_s,
        "cleared_unix_s": stored.cleared_unix_s,
        "verdict": None if mark is None else mark.verdict.value,
        "marked_by": None if mark is None else mark.by,
        "marked_unix_s": None if mark is None else mark.at_unix_s,
        "note": None if mark is None else mark.note,
        "marks": len(stored.marks),
        "config_hash": alert.config_hash,
    }


def _csv(rows: Iterable[dict[str, Any]], left_out: tuple[str, ...]) -> str:
    made = io.StringIO()
    writer = csv.DictWriter(made, [name for name in _COLUMNS if name not in left_out])
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return made.getvalue()


def _cell(value: Any) -> Any:
    """Return a cell; what a person wrote must be no formula for the program that opens it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _write(file: Path, text: str, *, force: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(file, flags, 0o600), "w", encoding="utf-8", newline="") as out:
            out.write(text)
    except FileExistsError as error:
        raise ControlError(f"{file} exists", "Give another name, or --force.") from error
    except OSError as error:
        raise ControlError(f"{file} cannot be written ({error.strerror})") from error
