"""ecgctl baseline: what is usual for a patient, and ST that is confirmed as chronic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ecgd.cli.alerts import user_name
from ecgd.cli.client import path_segment
from ecgd.cli.options import json_option, open_client, print_json, socket_option


@click.group()
def baseline() -> None:
    """Show and reset what is usual for a patient; confirm ST as chronic."""


@baseline.command()
@click.argument("patient", metavar="PATIENT")
@socket_option
@json_option
def show(patient: str, socket: Path | None, as_json: bool) -> None:
    """Show the usual ST of PATIENT, its variation, and how ST has changed from it."""
    _tell(open_client(socket).get(_route(patient)), as_json=as_json)


@baseline.command()
@click.argument("patient", metavar="PATIENT")
@click.option("--by", metavar="NAME", help="Who resets it.  [default: the user]")
@socket_option
@json_option
def reset(patient: str, by: str | None, socket: Path | None, as_json: bool) -> None:
    """Forget what is usual for PATIENT; it is learned anew. For another person, or new habits."""
    body = {"by": by if by is not None else user_name()}
    _tell(open_client(socket).post(f"{_route(patient)}/reset", body), as_json=as_json)


@baseline.command()
@click.argument("patient", metavar="PATIENT")
@click.option("--by", metavar="NAME", required=True, help="Who answers for it.")
@click.option(
    "--hours",
    type=click.FloatRange(0, 2160, min_open=True),
    default=168.0,
    show_default=True,
    help="For how long it holds.",
)
@socket_option
@json_option
def confirm(*, patient: str, by: str, hours: float, socket: Path | None, as_json: bool) -> None:
    """Confirm that ST of PATIENT is chronic as it is now: an old infarct, a fixed elevation.

    That ST raises no acute alarm any more until the time is over, or ST goes further by
    analysis.st_change_mv. It is reported all the same, with the name of who confirmed it.
    """
    body: dict[str, Any] = {"by": by, "hours": hours}
    _tell(open_client(socket).post(f"{_route(patient)}/confirm", body), as_json=as_json)


@baseline.command()
@click.argument("patient", metavar="PATIENT")
@click.option("--by", metavar="NAME", help="Who revokes it.  [default: the user]")
@socket_option
@json_option
def revoke(patient: str, by: str | None, socket: Path | None, as_json: bool) -> None:
    """End a confirmation before its time: ST of PATIENT alarms again."""
    body = {"by": by if by is not None else user_name()}
    _tell(open_client(socket).post(f"{_route(patient)}/revoke", body), as_json=as_json)


def _route(patient: str) -> str:
    return f"/v1/patients/{path_segment(patient)}/baseline"


def _tell(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    from ecgd.cli.baseline_page import baseline_lines  # noqa: PLC0415 - loads slowly

    for line in baseline_lines(answer["baseline"]):
        click.echo(line)
