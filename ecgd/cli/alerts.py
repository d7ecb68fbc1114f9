"""ecgctl alerts: what was raised, and acknowledging it."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Any

import click

from ecgd.cli.client import Client, path_segment
from ecgd.cli.options import json_option, open_client, print_json, socket_option
from ecgd.cli.words import clean
from ecgd.errors import ControlError

_ROOM_FOR_PREFIXES = "500"


@click.group()
def alerts() -> None:
    """Show alerts and acknowledge them."""


@alerts.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="At most so many."
)
@click.option("--patient", metavar="ID", help="Alerts of this patient only.")
@click.option("--unacknowledged", is_flag=True, help="Only those that wait for a person.")
@socket_option
@json_option
def list_alerts(
    limit: int, patient: str | None, unacknowledged: bool, socket: Path | None, as_json: bool
) -> None:
    """List the newest alerts."""
    query = {"limit": str(limit), "unacknowledged": str(unacknowledged).lower()}
    if patient is not None:
        query["patient"] = patient
    answer = open_client(socket).get("/v1/alerts", query)
    if as_json:
        print_json(answer)
        return
    from ecgd.cli.tables import alerts_table, print_page  # noqa: PLC0415 - rich is slow to load

    print_page(alerts_table(answer["alerts"]))


@alerts.command("show")
@click.argument("alert_id")
@socket_option
@json_option
def show(*, alert_id: str, socket: Path | None, as_json: bool) -> None:
    """Show one alert whole, by its id or the beginning of it.

    What the rules went by, what the networks said, what to do, and what could not be seen.
    """
    alert = _alert(open_client(socket), alert_id)
    if as_json:
        print_json({"alert": alert})
        return
    from ecgd.cli.alert_page import alert_page  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415

    print_page(alert_page(alert))


@alerts.command("ack")
@click.argument("alert_id", required=False)
@click.option("--patient", metavar="ID", help="Acknowledge every alarm of this patient.")
@click.option("--by", metavar="NAME", help="Who acknowledges.  [default: the user]")
@socket_option
@json_option
def acknowledge(
    *, alert_id: str | None, patient: str | None, by: str | None, socket: Path | None, as_json: bool
) -> None:
    """Acknowledge one alert, by its id or the beginning of it, or all of a patient.

    Acknowledging stops the sound of the alarm, not the monitoring.
    """
    if (alert_id is None) == (patient is None):
        raise click.UsageError("give either an alert's id or --patient ID")
    client = open_client(socket)
    body: dict[str, Any] = {"by": by if by is not None else user_name()}
    if alert_id is not None:
        whole = _whole_id(client, alert_id)
        answer = client.post(f"/v1/alerts/{path_segment(whole)}/acknowledge", body)
    else:
        answer = client.post("/v1/alerts/acknowledge", body | {"patient": patient})
    if as_json:
        print_json(answer)
        return
    done = answer["acknowledged"]
    for acknowledged in done:
        click.echo(f"acknowledged {clean(acknowledged)} as {clean(answer['by'])}")
    if not done:
        click.echo("nothing to acknowledge: it had been acknowledged before, or is over")


def user_name() -> str:
    """Return who runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _whole_id(client: Client, beginning: str) -> str:
    """Return the one alert id that begins so; the daemon judges what matches none."""
    found = _matching(client, beginning)
    return found[0]["alert_id"] if len(found) == 1 else beginning


def _alert(client: Client, beginning: str) -> dict[str, Any]:
    """Return the one alert whose id begins so."""
    found = _matching(client, beginning)
    if not found:
        raise ControlError(
            f"none of the last {_ROOM_FOR_PREFIXES} alerts has the id {beginning!r}",
            "ecgctl alerts list shows them",
        )
    return found[0]


def _matching(client: Client, beginning: str) -> list[dict[str, Any]]:
    """Return the alert of that id, or the one whose id begins so, if any."""
    shown = client.get("/v1/alerts", {"limit": _ROOM_FOR_PREFIXES})["alerts"]
    found = [alert for alert in shown if alert["alert_id"].startswith(beginning)]
    exact = [alert for alert in found if alert["alert_id"] == beginning]
    if len(found) > 1 and not exact:
        raise ControlError(
            f"{len(found)} alerts begin with {beginning!r}", "give more characters of the id"
        )
    return exact or found
