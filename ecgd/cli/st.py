"""ecgctl st: a patient's ST now, in the last hour, and its episodes."""

from __future__ import annotations

from pathlib import Path

import click

from ecgd.cli.client import path_segment
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, open_client, print_json, socket_option


@click.command()
@click.argument("patient", metavar="PATIENT")
@click.option(
    "--minutes",
    type=click.IntRange(1, 1440),
    default=60,
    show_default=True,
    help="The last minutes, one line each.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=7,
    show_default=True,
    help="Episodes of the last days.",
)
@socket_option
@json_option
@click.pass_context
def st(
    ctx: click.Context,
    *,
    patient: str,
    minutes: int,
    days: int,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Show PATIENT's ST: of each lead now, minute by minute, and its episodes.

    An episode is a change of at least 0.1 mV for at least 30 s.
    """
    query = {"minutes": str(minutes), "days": str(days)}
    route = f"/v1/patients/{path_segment(patient)}/st"
    answer = open_client(socket).get(route, query)
    if as_json:
        print_json(answer)
    else:
        from ecgd.cli.st_page import st_page  # noqa: PLC0415 - rich is slow to load
        from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

        print_page(st_page(answer))
    if any(each["end_reason"] is None for each in answer["episodes"]):
        ctx.exit(ExitCode.ATTENTION)
