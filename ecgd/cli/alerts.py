"""ecgctl alerts: what was raised, and acknowledging it."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Any

import click

from ecgd.cli.alert_report import report
from ecgd.cli.alert_show import show
from ecgd.cli.alerts_save import save
from ecgd.cli.alerts_stats import stats
from ecgd.cli.budget import budget
from ecgd.cli.capsule import export_capsule, replay
from ecgd.cli.client import Client, path_segment
from ecgd.cli.options import json_option, open_client, print_json, socket_option
from ecgd.cli.trial import run_test
from ecgd.cli.words import clean
from ecgd.errors import ControlError

_ROOM_FOR_PREFIXES = "500"
_LEAST_PREFIX = 4


@click.group()
def alerts() -> None:
    """Show, acknowledge and judge alerts; what other thresholds would have done."""


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


alerts.add_command(show)
alerts.add_command(report)
alerts.add_command(stats)
alerts.add_command(save)
alerts.add_command(budget)
alerts.add_command(replay)
alerts.add_command(export_capsule)
alerts.add_command(run_test)


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


@alerts.command("pause")
@click.option("--by", metavar="NAME", help="Who silences.  [default: the user]")
@socket_option
@json_option
def pause(*, by: str | None, socket: Path | None, as_json: bool) -> None:
    """Silence the buzzer for a while; it comes back by itself.

    Lights, page and messages go on, and something HIGH or graver sounds at once.
    """
    body = {"by": by if by is not None else user_name()}
    answer = open_client(socket).post("/v1/audio/pause", body)
    if as_json:
        print_json(answer)
        return
    click.echo(f"silent for {answer['audio_paused_s']:.0f} s, as {clean(answer['by'])}")


@alerts.command("mark")
@click.argument("alert_id", metavar="ID")
@click.argument("verdict", type=click.Choice(["true", "false", "unsure"]))
@click.option("--by", metavar="NAME", help="Who says so.  [default: the user]")
@click.option("--note", metavar="TEXT", default="", help="Why, in a few words.")
@socket_option
@json_option
def mark(
    *, alert_id: str, verdict: str, by: str | None, note: str, socket: Path | None, as_json: bool
) -> None:
    """Say whether an alert was true, by its id or the beginning of it.

    Every mark is kept, the newest counts. It teaches the gateway nothing by itself: it is what
    "alerts stats" counts and what "alerts budget" must not lose.
    """
    client = open_client(socket)
    body = {"by": by if by is not None else user_name(), "verdict": verdict, "note": note}
    whole = _whole_id(client, alert_id)
    answer = client.post(f"/v1/alerts/{path_segment(whole)}/mark", body)
    if as_json:
        print_json(answer)
        return
    newest, earlier = answer["marks"][-1], len(answer["marks"]) - 1
    click.echo(f"{clean(answer['alert_id'])} is marked {verdict} by {clean(newest['by'])}")
    if earlier:
        click.echo(f"marked {earlier} {'time' if earlier == 1 else 'times'} before: all are kept")


def user_name() -> str:
    """Return who runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def _whole_id(client: Client, beginning: str) -> str:
    """Return the one alert id that begins so; the daemon judges what matches none.

    A slip of the finger must not answer whichever alert happens to begin with it.
    """
    if len(beginning) < _LEAST_PREFIX:
        raise ControlError(
            f"{beginning!r} is too short for an alert's id",
            f"give at least {_LEAST_PREFIX} characters of it",
        )
    found = _matching(client, beginning)
    return found[0]["alert_id"] if len(found) == 1 else beginning


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
