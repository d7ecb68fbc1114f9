"""ecgctl records: what was recorded, and taking it along as CSV or WFDB."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecgd.cli.database_place import database_options, find_database
from ecgd.cli.moments import Moment
from ecgd.cli.options import json_option, print_json

if TYPE_CHECKING:
    from ecgd.cli.record_excerpt import Excerpt
    from ecgd.store.reader import StoreReader


@click.group()
def records() -> None:
    """List and export recorded signal; no daemon is needed."""


@records.command("list")
@click.option("--patient", metavar="ID", help="Recordings of this patient only.")
@click.option("--since", type=Moment(), metavar="TIME", help="Not over by then, such as -2d.")
@click.option(
    "--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="At most so many."
)
@database_options
@json_option
def list_records(
    *,
    patient: str | None,
    since: float | None,
    limit: int,
    database: Path | None,
    config: Path | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """List uninterrupted recordings, the newest first, with their gaps and alerts."""
    from ecgd.cli.records_page import record_shape, records_table  # noqa: PLC0415 - numpy is slow
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    place = find_database(database, config, socket)
    reader = _reader(place.path)
    _check_patient(reader, patient)
    streams = reader.streams(patient, since_unix_s=since, limit=limit)
    shapes = [record_shape(each, reader.coverage(each), time.time()) for each in streams]
    if as_json:
        print_json({"database": str(place.path), "records": shapes})
    else:
        print_page(records_table(shapes))


@records.command("export")
@click.argument("recording_id", metavar="[ID]", type=int, required=False)
@click.option("--patient", metavar="ID", help="Signal of this patient, between --from and --to.")
@click.option("--from", "start", type=Moment(), metavar="TIME", help="Not before, such as -2h.")
@click.option("--to", "end", type=Moment(), metavar="TIME", help="Before.  [default: now]")
@click.option("--alert", metavar="ID", help="Signal around this alert.")
@click.option(
    "--around",
    "around_s",
    type=click.FloatRange(1, 86400),
    default=60.0,
    show_default=True,
    metavar="S",
    help="Seconds before and after the alert.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "wfdb"]),
    required=True,
    help="A table of millivolts, or a WFDB record.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, allow_dash=False),
    required=True,
    metavar="PATH",
    help="The CSV file, or the WFDB record's name.",
)
@click.option("--all-leads", is_flag=True, help="Also the limb leads that are derived (csv).")
@click.option("--name", is_flag=True, help="Also write the patient's name into the file.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@database_options
@json_option
def export_records(*, form: str, out: Path, as_json: bool, **wanted: Any) -> None:
    """Export recorded signal exactly as it was stored.

    Name a recording by its ID, or a patient and a time, or an alert.
    """
    _check_choice(wanted, form)
    place = find_database(wanted["database"], wanted["config"], wanted["socket"])
    excerpt = _choose(_reader(place.path), wanted)
    from ecgd.cli.record_export import export  # noqa: PLC0415 - numpy is slow to load
    from ecgd.cli.records_page import export_lines  # noqa: PLC0415 - rich is slow to load

    answer = export(
        excerpt,
        form,
        out.expanduser(),
        all_leads=wanted["all_leads"],
        name=wanted["name"],
        force=wanted["force"],
    )
    if as_json:
        print_json(answer)
        return
    for line in export_lines(answer):
        click.echo(line)


def _check_choice(wanted: dict[str, Any], form: str) -> None:
    ways = [wanted[key] is not None for key in ("recording_id", "patient", "alert")]
    if sum(ways) != 1:
        raise click.UsageError("give one of: a recording's ID, --patient with --from, --alert")
    if wanted["patient"] is not None and wanted["start"] is None:
        raise click.UsageError("--patient needs --from, such as --from -2h")
    if wanted["alert"] is not None and (wanted["start"], wanted["end"]) != (None, None):
        raise click.UsageError("--alert goes with --around, not with --from and --to")
    if None not in (wanted["start"], wanted["end"]) and wanted["start"] >= wanted["end"]:
        raise click.UsageError("--from is not before --to")
    if wanted["all_leads"] and form == "wfdb":
        raise click.UsageError("--all-leads goes with csv: a WFDB record holds what was measured")


def _choose(reader: StoreReader, wanted: dict[str, Any]) -> Excerpt:
    from ecgd.cli import record_excerpt as excerpts  # noqa: PLC0415 - numpy is slow to load

    if wanted["alert"] is not None:
        return excerpts.choose_alert(reader, wanted["alert"], wanted["around_s"])
    start = wanted["start"] if wanted["start"] is not None else -math.inf
    end = wanted["end"] if wanted["end"] is not None else math.inf
    span = excerpts.TimeSpan(start, end)
    if wanted["recording_id"] is not None:
        return excerpts.choose_recording(reader, wanted["recording_id"], span)
    return excerpts.choose_time(reader, wanted["patient"], span)


def _reader(path: Path) -> StoreReader:
    from ecgd.store.reader import StoreReader  # noqa: PLC0415 - numpy is slow to load

    return StoreReader(path)


def _check_patient(reader: StoreReader, patient_id: str | None) -> None:
    from ecgd.cli.record_excerpt import check_patient  # noqa: PLC0415 - numpy is slow to load

    if patient_id is not None:
        check_patient(reader, patient_id)
