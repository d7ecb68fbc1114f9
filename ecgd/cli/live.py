"""ecgctl live: the terminal as a bedside monitor."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ecgd.cli.client import find_socket
from ecgd.cli.options import socket_option
from ecgd.errors import ControlError


@click.command()
@click.argument("patient", required=False)
@click.option(
    "--speed",
    "mm_per_s",
    type=click.Choice(["12.5", "25", "50"]),
    default="25",
    show_default=True,
    help="Paper speed in mm/s; one dot is one millimetre.",
)
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw without braille characters.")
@click.option("--by", metavar="NAME", help="Who acknowledges.  [default: the user]")
@socket_option
def live(
    *, patient: str | None, mm_per_s: str, ascii_only: bool, by: str | None, socket: Path | None
) -> None:
    """Show PATIENT, else the first one: traces, figures and alarms, as they come.

    Keys: q quit, p next patient, a acknowledge, s pause the sound, + - 0 gain, space freeze.
    """
    if not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise ControlError(
            "live needs a terminal, and this is none",
            "ecgctl tail prints events as lines, ecgctl status prints a page",
        )
    from ecgd.cli.alerts import user_name  # noqa: PLC0415 - getpass is needed here only
    from ecgd.cli.live_run import LiveRun  # noqa: PLC0415 - and a terminal's modules

    LiveRun(
        find_socket(socket, os.environ),
        patient,
        mm_per_s=float(mm_per_s),
        ascii_only=ascii_only or not _speaks_unicode(),
        colour="NO_COLOR" not in os.environ,
        by=by if by is not None else user_name(),
    ).run()


def _speaks_unicode() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()
