"""ecgctl device: whose device is which, accepting another one, and the ways to one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ecgd.cli.alerts import user_name
from ecgd.cli.device_bluetooth import pair, print_bluetooth, scan, unpair
from ecgd.cli.device_check import check
from ecgd.cli.device_key import device_key
from ecgd.cli.device_provision import provision
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, open_client, print_json, socket_option
from ecgd.cli.patient_options import by_option
from ecgd.cli.words import clean

_IN_ORDER = ("bound", "not bound", "awaited")


@click.group()
def device() -> None:
    """Show the devices and whose they are; find, pair, accept and forget them."""


@device.command("list")
@socket_option
@json_option
@click.pass_context
def list_devices(ctx: click.Context, socket: Path | None, as_json: bool) -> None:
    """List every device on a line, every patient's own, and those that Bluetooth knows.

    Ends with 4 while one is foreign, or describes itself otherwise than when it was accepted.
    """
    client = open_client(socket)
    answer = client.get("/v1/devices")
    bluetooth = client.get("/v1/bluetooth")
    if as_json:
        print_json(answer | {"bluetooth": bluetooth})
    else:
        from ecgd.cli.patient_tables import devices_page  # noqa: PLC0415 - rich is slow to load
        from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

        print_page(devices_page(answer["devices"]))
        if bluetooth["devices"]:
            print_bluetooth(bluetooth)
    if any(each["standing"] not in _IN_ORDER for each in answer["devices"]):
        ctx.exit(ExitCode.ATTENTION)


@device.command()
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


@device.command()
@click.argument("who", metavar="PATIENT|ADDRESS")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@by_option
@socket_option
@json_option
def forget(who: str, *, yes: bool, by: str | None, socket: Path | None, as_json: bool) -> None:
    """Forget a PATIENT's device, so that the next one that comes is theirs; or a pairing.

    A Bluetooth ADDRESS means the pairing: this computer's key for the device is deleted.
    """
    client = open_client(socket)
    if ":" in who:
        unpair(client, who, by, yes=yes, as_json=as_json)
        return
    if not yes and sys.stdin.isatty():
        question = f"Let the next device that comes, whichever it is, be {clean(who)}'s own?"
        click.confirm(question, abort=True)
    body = {"patient": who, "by": by if by is not None else user_name()}
    answer = client.post("/v1/devices/forget", body)
    if as_json:
        print_json(answer)
        return
    name = clean(answer["patient"]["name"])
    click.echo(f"{name} has no device now: the next one that comes is theirs")
    for note in answer["notes"]:
        click.echo(clean(note))


device.add_command(scan)
device.add_command(pair)
device.add_command(check)
device.add_command(device_key)
device.add_command(provision)
