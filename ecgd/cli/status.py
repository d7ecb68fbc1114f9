"""ecgctl status and battery: the daemon and its patients as they stand."""

from __future__ import annotations

from pathlib import Path

import click

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, open_client, print_json, socket_option
from ecgd.cli.standing import standing_alarms


@click.command()
@socket_option
@json_option
@click.pass_context
def status(ctx: click.Context, socket: Path | None, as_json: bool) -> None:
    """Show every patient and the daemon's parts, each value with its age.

    Ends with 4 while an alarm stands.
    """
    answer = open_client(socket).get("/v1/status")
    if as_json:
        print_json(answer)
    else:
        from ecgd.cli.status_page import status_page  # noqa: PLC0415 - rich is slow to load
        from ecgd.cli.tables import print_page  # noqa: PLC0415 - rich is slow to load

        print_page(status_page(answer))
    own = {"alarms": answer["gateway_alarms"]}
    if any(standing_alarms(each) for each in (*answer["patients"], own)):
        ctx.exit(ExitCode.ATTENTION)


@click.command()
@socket_option
@json_option
@click.pass_context
def battery(ctx: click.Context, socket: Path | None, as_json: bool) -> None:
    """Show the devices' batteries.

    Ends with 4 while a battery alarm stands.
    """
    patients = open_client(socket).get("/v1/status")["patients"]
    if as_json:
        keys = ("patient_id", "name", "battery", "device", "device_status")
        print_json({"patients": [{key: patient[key] for key in keys} for patient in patients]})
    else:
        from ecgd.cli.tables import battery_table, print_page  # noqa: PLC0415 - rich is slow

        print_page(battery_table(patients))
    events = [a["event_type"] for patient in patients for a in standing_alarms(patient)]
    if any(event.startswith("BATTERY_") for event in events):
        ctx.exit(ExitCode.ATTENTION)
