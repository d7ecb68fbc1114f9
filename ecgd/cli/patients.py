"""ecgctl patients: who is configured."""

from __future__ import annotations

from pathlib import Path

import click

from ecgd.cli.options import json_option, open_client, print_json, socket_option


@click.group()
def patients() -> None:
    """Show the configured patients."""


@patients.command("list")
@socket_option
@json_option
def list_patients(socket: Path | None, as_json: bool) -> None:
    """List the patients and their devices."""
    answer = open_client(socket).get("/v1/patients")
    if as_json:
        print_json(answer)
        return
    from ecgd.cli.tables import patients_table, print_page  # noqa: PLC0415 - rich is slow to load

    print_page(patients_table(answer["patients"]))
