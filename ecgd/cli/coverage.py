"""ecgctl coverage: of how much of the time the monitor could have seen each danger."""

from __future__ import annotations

from pathlib import Path

import click

from ecgd.cli.options import json_option, open_client, print_json, socket_option


@click.command()
@click.option("--patient", metavar="ID", help="This patient only.")
@click.option(
    "--hours",
    type=click.IntRange(1, 744),
    default=24,
    show_default=True,
    help="The last hours, the one that runs included.",
)
@socket_option
@json_option
def coverage(patient: str | None, hours: int, socket: Path | None, as_json: bool) -> None:
    """Show of how much of each hour STEMI, VF/VT, pauses and AF could have been seen.

    Then, in words, what was not covered and why.
    """
    query = {"hours": str(hours)}
    if patient is not None:
        query["patient"] = patient
    answer = open_client(socket).get("/v1/coverage", query)
    if as_json:
        print_json(answer)
        return
    from ecgd.cli.coverage_page import coverage_page  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    print_page(coverage_page(answer["patients"]))
