"""ecgctl alerts show: everything that is kept of one alert, and who was told and answered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecgd.cli.database_place import database_options, find_database
from ecgd.cli.options import json_option, print_json
from ecgd.errors import StoreError

if TYPE_CHECKING:
    from ecgd.store.entries import AlertDelivery, StoredAlert

Json = dict[str, Any]


@click.command()
@click.argument("alert_id", metavar="ID")
@database_options
@json_option
def show(
    *,
    alert_id: str,
    database: Path | None,
    config: Path | None,
    socket: Path | None,
    as_json: bool,
) -> None:
    """Show one alert whole, by its id or the beginning of it.

    What the rules went by, what the networks said, what to do, what could not be seen, who was
    told and who answered. Reads the database itself, so that it needs no daemon.
    """
    from ecgd.store.escalation_reader import EscalationReader  # noqa: PLC0415 - slow to load

    reader = EscalationReader(find_database(database, config, socket).path)
    stored = reader.alert(alert_id)
    if stored is None:
        raise StoreError(
            f"no alert's id, or more than one, begins with {alert_id!r}",
            'Look with "ecgctl alerts list".',
        )
    whole = stored.alert.alert_id
    deliveries, escalation = reader.deliveries(whole), reader.escalation(whole)
    facts = _facts(stored, time.time())
    if as_json:
        told = [{name: getattr(each, name) for name in each.__slots__} for each in deliveries]
        print_json({"alert": facts, "deliveries": told, "escalation": escalation})
        return
    from ecgd.cli.alert_page import alert_page  # noqa: PLC0415 - rich is slow to load
    from ecgd.cli.tables import print_page  # noqa: PLC0415

    print_page(alert_page(facts, tuple(_told(deliveries, escalation))))


def _facts(stored: StoredAlert, now_unix_s: float) -> Json:
    """Return the alert as the API has it, its state by what the database knows."""
    from ecgd.store.rows import alert_row  # noqa: PLC0415 - slow to load

    alert = stored.alert
    row = alert_row(alert)
    row |= {name: list(getattr(alert, name)) for name in ("clinical_notes", "evidence")}
    row["not_visible"] = list(alert.not_visible)
    figures = ("scores", "st_mv", "st_change_mv", "quality")
    row |= {name: dict(getattr(alert, name)) for name in figures}
    row["occurred_unix_s"] = row.pop("timestamp")
    acknowledged_s = stored.acknowledged_unix_s
    return row | {
        "patient_id": alert.patient_id,
        "state": "standing" if stored.cleared_unix_s is None else "over",
        "age_s": now_unix_s - alert.occurred_unix_s,
        "user_notified": stored.user_notified,
        "acknowledged_by": stored.acknowledged_by,
        "acknowledged_unix_s": acknowledged_s,
        "acknowledged_age_s": None
        if acknowledged_s is None
        else round(now_unix_s - acknowledged_s, 1),
        "cleared_unix_s": stored.cleared_unix_s,
        "verdict": None if stored.verdict is None else stored.verdict.value,
        "marks": [asdict(mark) | {"verdict": mark.verdict.value} for mark in stored.marks],
    }


def _told(
    deliveries: tuple[AlertDelivery, ...], escalation: Json | None
) -> Iterator[tuple[str, str]]:
    """Return what became of every message and who was called, as headings and words."""
    for each in deliveries:
        tries = "once" if each.attempts == 1 else f"{each.attempts} times"
        detail = f": {each.detail}" if each.detail else ""
        yield "delivery", f"{each.target}: {each.state}, tried {tries}{detail}"
    if not escalation:
        return
    yield "contacts", str(escalation.get("phase"))
    for step in escalation.get("steps", ()):
        yield "contacts", f"{step['contact']} by {step['channel']}: {step['state']}"
