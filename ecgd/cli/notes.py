"""ecgctl notes: what people remark about a patient."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from ecgd.cli.alerts import user_name
from ecgd.cli.client import path_segment
from ecgd.cli.moments import Moment
from ecgd.cli.options import json_option, open_client, print_json, socket_option

STANDARD_INPUT: Final = "-"


@click.group()
def notes() -> None:
    """Read and write remarks about a patient."""


@notes.command("list")
@click.argument("patient", metavar="PATIENT")
@click.option("--since", type=Moment(), metavar="TIME", help="Not older than this, such as -2d.")
@click.option(
    "--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="At most so many."
)
@socket_option
@json_option
def list_notes(
    patient: str, since: float | None, limit: int, socket: Path | None, as_json: bool
) -> None:
    """List the newest remarks about PATIENT, also about one who is no longer watched."""
    query = {"limit": str(limit)}
    if since is not None:
        query["since_unix_s"] = repr(since)
    answer = open_client(socket).get(_route(patient), query)
    if as_json:
        print_json(answer)
        return
    from ecgd.cli.notes_page import notes_page  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    print_page(notes_page(answer["notes"]))


@notes.command("add")
@click.argument("patient", metavar="PATIENT")
@click.argument("text", metavar="[TEXT]", required=False)
@click.option("--by", metavar="NAME", help="Who remarks it.  [default: the user]")
@socket_option
@json_option
def add_note(
    *, patient: str, text: str | None, by: str | None, socket: Path | None, as_json: bool
) -> None:
    """Add a remark about PATIENT; without TEXT, or with -, it is read from standard input.

    When the command ends with 0 the remark is on the disk.
    """
    if text is None or text == STANDARD_INPUT:
        text = _standard_input()
    body: dict[str, Any] = {"by": by if by is not None else user_name(), "text": text}
    answer = open_client(socket).post(_route(patient), body)
    if as_json:
        print_json(answer)
        return
    from ecgd.cli.notes_page import note_entry  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    print_page(note_entry(answer["note"]))


def _standard_input() -> str:
    if sys.stdin.isatty():
        click.echo("Write the note; Ctrl-D on a line of its own ends it.", err=True)
    return sys.stdin.buffer.read().decode(errors="replace")


def _route(patient: str) -> str:
    return f"/v1/patients/{path_segment(patient)}/notes"
