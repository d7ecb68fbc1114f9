"""ecgctl device scan, pair and forget: devices by Bluetooth, through the daemon's radio."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ecgd.cli.alerts import user_name
from ecgd.cli.client import TIMEOUT_S, Client, Json
from ecgd.cli.options import json_option, open_client, print_json, socket_option
from ecgd.cli.patient_options import by_option
from ecgd.cli.words import clean
from ecgd.errors import EcgdError

PAIR_S = 120.0
"""Longest wait for a pairing: its turn, a search, the pairing and the bus."""

_SCAN_S = 11.0
_SCAN_MAX_S = 60.0
_PIN_FILE_BYTES = 100


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(1.0, _SCAN_MAX_S),
    default=_SCAN_S,
    show_default=True,
    help="How long to search.",
)
@socket_option
@json_option
def scan(seconds: float, socket: Path | None, as_json: bool) -> None:
    """Search for Bluetooth devices: name, address, signal, pairing, and whose each is.

    A device that is connected does not answer a search.
    """
    client = open_client(socket)
    if not as_json:
        click.echo(f"searching for {seconds:g} s ...", err=True)
    answer = Client(client.path, TIMEOUT_S + seconds).post(
        "/v1/bluetooth/scan", {"seconds": seconds}
    )
    if as_json:
        print_json(answer)
    else:
        print_bluetooth(answer)


@click.command()
@click.argument("address", metavar="ADDRESS")
@click.option("--patient", "patient_id", required=True, metavar="ID", help="Whose device it is.")
@click.option("--pin", "asks", is_flag=True, help="Ask for the PIN, or read it from a pipe.")
@click.option(
    "--pin-file", type=click.Path(path_type=Path), metavar="FILE", help="A file with the PIN."
)
@by_option
@socket_option
@json_option
def pair(
    *,
    address: str,
    patient_id: str,
    asks: bool,
    pin_file: Path | None,
    by: str | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Pair the device with this ADDRESS, and make it the patient's.

    Without a PIN the one that the daemon knows is used, else 1234.
    """
    if asks and pin_file is not None:
        raise click.UsageError("give --pin or --pin-file, not both")
    body: Json = {"address": address, "patient": patient_id, "by": _by(by)}
    if asks or pin_file is not None:
        body["pin"] = _typed_pin() if pin_file is None else _written_pin(pin_file)
    answer = Client(open_client(socket).path, PAIR_S).post("/v1/bluetooth/pair", body)
    if as_json:
        print_json(answer)
        return
    patient = answer["patient"]
    who = clean(f"{patient['name']} ({patient['patient_id']})")
    click.echo(f"{who}: paired, watched at {clean(patient['source'])}")
    _tell_notes(answer)


def unpair(client: Client, address: str, by: str | None, *, yes: bool, as_json: bool) -> None:
    """Remove a device's pairing, after a question."""
    if not yes:
        _ask_first(client, address)
    answer = Client(client.path, PAIR_S).post(
        "/v1/bluetooth/unpair", {"address": address, "by": _by(by)}
    )
    if as_json:
        print_json(answer)
        return
    what = "is forgotten" if answer["was_known"] else "was not known: nothing to forget"
    click.echo(f"{clean(answer['address'])} {what}")
    _tell_notes(answer)


def print_bluetooth(view: Json) -> None:
    """Print the devices that the radio knows."""
    from ecgd.cli.bluetooth_page import bluetooth_page  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

    print_page(bluetooth_page(view))


def _ask_first(client: Client, address: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("there is nobody to ask: give --yes")
    known = client.get("/v1/bluetooth")["devices"]
    theirs = [each for each in known if each["address"] == address.upper() and each["patient_id"]]
    whose = f", {clean(theirs[0]['patient_name'])}'s device" if theirs else ""
    question = f"Forget {clean(address)}{whose}? Its line is interrupted, and its key is deleted."
    click.confirm(question, abort=True)


def _typed_pin() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("PIN", hide_input=True))
    return sys.stdin.readline(_PIN_FILE_BYTES).strip()


def _written_pin(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_PIN_FILE_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise EcgdError(
            f"{path} cannot be read: {reason}", "Name a file that holds the PIN"
        ) from error


def _tell_notes(answer: Json) -> None:
    for note in answer["notes"]:
        click.echo(clean(note))


def _by(by: str | None) -> str:
    return by if by is not None else user_name()
