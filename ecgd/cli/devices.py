"""ecgctl devices: whose device is which, and accepting another one."""

from __future__ import annotations

from pathlib import Path

import click

from ecgd.cli.alerts import user_name
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, open_client, print_json, socket_option
from ecgd.cli.patient_options import by_option
from ecgd.cli.words import clean

_IN_ORDER = ("bound", "not bound", "awaited")


@click.group()
def devices() -> None:
    """Show the devices and whose they are, and accept another one for a patient."""


@devices.command("list")
@socket_option
@json_option
@click.pass_context
def list_devices(ctx: click.Context, socket: Path | None, as_json: bool) -> None:
    """List every device on a line, and every patient's own.

    Ends with 4 while one is foreign, or describes itself otherwise than when it was accepted.
    """
    answer = open_client(socket).get("/v1/devices")
    if as_json:
        print_json(answer)
    else:
        from ecgd.cli.patient_tables import devices_page  # noqa: PLC0415 - rich is slow to load
        from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

        print_page(devices_page(answer["devices"]))
    if any(device["standing"] not in _IN_ORDER for device in answer["devices"]):
        ctx.exit(ExitCode.ATTENTION)


@devices.command()
@click.argument("patient_id", metavar="PATIENT")
@click.argument("device_id", metavar="DEVICE")
@by_option
@socket_option
@json_option
def accept(
    patient_id: str, device_id: str, by: str | None, socket: Path | None, as_json: bool
) -> None:
    """Make a device the patient's own, as it describes itself now."""
    body = {"patient": patient_id, "device": device_id, "by": by if by is not None else user_name()}
    answer = open_client(socket).post("/v1/devices/accept", body)
    if as_json:
        print_json(answer)
        return
    click.echo(f"{clean(device_id)} is {clean(answer['patient']['name'])}'s device now")
    for note in answer["notes"]:
        click.echo(clean(note))


@devices.command()
@click.argument("patient_id", metavar="PATIENT")
@by_option
@socket_option
@json_option
def forget(patient_id: str, by: str | None, socket: Path | None, as_json: bool) -> None:
    """Let the next device that comes be the patient's own."""
    body = {"patient": patient_id, "by": by if by is not None else user_name()}
    answer = open_client(socket).post("/v1/devices/forget", body)
    if as_json:
        print_json(answer)
        return
    name = clean(answer["patient"]["name"])
    click.echo(f"{name} has no device now: the next one that comes is theirs")
    for note in answer["notes"]:
        click.echo(clean(note))
