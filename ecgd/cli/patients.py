"""ecgctl patients: who is watched, and changing that while the daemon runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ecgd.cli.alerts import user_name
from ecgd.cli.client import Client, Json, path_segment
from ecgd.cli.options import json_option, open_client, print_json, socket_option
from ecgd.cli.patient_options import by_option, patient_options, table_of, with_option_names
from ecgd.cli.words import clean
from ecgd.errors import ControlError

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group()
def patients() -> None:
    """Show who is watched, and add, edit, archive and restore patients at run time."""


def _change_options(command: _Command) -> _Command:
    return by_option(socket_option(json_option(command)))


@patients.command("list")
@click.option("--all", "all_too", is_flag=True, help="Archived patients too.")
@socket_option
@json_option
def list_patients(all_too: bool, socket: Path | None, as_json: bool) -> None:
    """List the patients, their sources, and where each comes from."""
    answer = open_client(socket).get("/v1/patients")
    shown = [each for each in answer["patients"] if all_too or not each["archived"]]
    if as_json:
        print_json({"patients": shown})
        return
    from ecgd.cli.patient_tables import patients_table  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    if shown:
        print_page(patients_table(shown))
    else:
        click.echo("no patient is watched: ecgctl patients add ID --source URL")
    hidden = len(answer["patients"]) - len(shown)
    if hidden:
        click.echo(f"{hidden} archived: ecgctl patients list --all")


@patients.command()
@click.argument("patient_id", metavar="ID")
@patient_options(required=True)
@_change_options
def add(
    *, patient_id: str, by: str | None, socket: Path | None, as_json: bool, **given: Any
) -> None:
    """Watch one patient more, from now on and after every restart.

    ID names the patient in commands and logs, and all data are kept under it: another person needs
    another id.
    """
    body = {"id": patient_id} | table_of(given)
    _change(open_client(socket), "/v1/patients", body, by=by, as_json=as_json)


@patients.command()
@click.argument("patient_id", metavar="ID")
@patient_options(required=False)
@_change_options
def edit(
    *, patient_id: str, by: str | None, socket: Path | None, as_json: bool, **given: Any
) -> None:
    """Change what is given, and nothing else.

    Another source or device interrupts this patient's link for a moment, and nobody else's.
    """
    body = table_of(given)
    if not body:
        raise click.UsageError("give at least one value to change")
    route = f"/v1/patients/{path_segment(patient_id)}/edit"
    _change(open_client(socket), route, body, by=by, as_json=as_json)


@patients.command()
@click.argument("patient_id", metavar="ID")
@click.option("--force", is_flag=True, help="Although a heart alarm waits for a person.")
@_change_options
def archive(
    patient_id: str, force: bool, by: str | None, socket: Path | None, as_json: bool
) -> None:
    """Stop watching a patient. All data are kept, and the alarms that stand are closed."""
    route = f"/v1/patients/{path_segment(patient_id)}/archive"
    _change(open_client(socket), route, {"force": force}, by=by, as_json=as_json)


@patients.command()
@click.argument("patient_id", metavar="ID")
@_change_options
def restore(patient_id: str, by: str | None, socket: Path | None, as_json: bool) -> None:
    """Watch an archived patient again."""
    route = f"/v1/patients/{path_segment(patient_id)}/restore"
    _change(open_client(socket), route, {}, by=by, as_json=as_json)


def _change(
    client: Client, route: str, body: Mapping[str, Any], *, by: str | None, as_json: bool
) -> None:
    try:
        answer = client.post(route, {**body, "by": by if by is not None else user_name()})
    except ControlError as refused:
        if type(refused) is not ControlError:
            raise
        raise ControlError(with_option_names(refused.what), refused.remedy) from refused
    if as_json:
        print_json(answer)
    else:
        tell_patient(answer)


def tell_patient(answer: Json) -> None:
    """Say in a line how a patient is watched now, and what follows for others."""
    patient = answer["patient"]
    who = clean(f"{patient['name']} ({patient['patient_id']})")
    state = "archived" if patient["archived"] else f"watched at {clean(patient['source'])}"
    click.echo(f"{who}: {state}")
    for note in answer["notes"]:
        click.echo(clean(note))
