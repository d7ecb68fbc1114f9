"""Tables of ecgctl, at home in 80 columns with or without colour."""

from __future__ import annotations

from typing import Any, Final

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ecgd.cli.words import age, battery_text, clean, live_age

Json = dict[str, Any]

SEVERITY_STYLE: Final = {
    "CRITICAL": "bold red",
    "HIGH": "bold red",
    "MEDIUM": "bold yellow",
    "LOW": "cyan",
}
ID_SHOWN: Final = 8


def print_page(page: RenderableType) -> None:
    """Print to standard output."""
    Console(highlight=False, soft_wrap=False).print(page)


def plain_table(*headings: str, last_grows: bool = False) -> Table:
    """Return an empty table with quiet lines."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", expand=last_grows)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def alerts_table(alerts: list[Json]) -> RenderableType:
    """Return the list of alerts, newest first."""
    if not alerts:
        return Text("no alerts", style="green")
    table = plain_table("id", "age", "patient", "severity", "event", "state")
    for alert in alerts:
        table.add_row(
            Text(clean(alert["alert_id"])[:ID_SHOWN]),
            Text(age(alert["age_s"]), style="dim"),
            Text(clean(alert["patient_name"])),
            Text(alert["severity"], style=SEVERITY_STYLE.get(alert["severity"], "")),
            Text(_event(alert)),
            Text(_state(alert)),
        )
    return table


def _event(alert: Json) -> str:
    where = f", {alert['territory']}" if alert["territory"] else ""
    simulated = " (simulated)" if alert["simulated"] else ""
    return clean(f"{alert['event_type']}{where}{simulated}")


def _state(alert: Json) -> str:
    by = alert["acknowledged_by"]
    words = f"{alert['state']}, seen by {by}" if by else alert["state"]
    verdict = alert.get("verdict")
    return clean(f"{words}; marked {verdict}" if verdict else words)


def battery_table(patients: list[Json]) -> RenderableType:
    """Return one line per device."""
    table = plain_table("patient", "device", "battery", "reported")
    for patient in patients:
        battery = patient["battery"]
        known = battery["percent"] is not None or battery["mv"] is not None
        device = patient["device"]
        table.add_row(
            Text(clean(patient["name"])),
            Text("" if device is None else clean(device["device_id"])),
            Text(battery_text(patient), style="" if known else "dim"),
            Text(live_age(battery["age_s"]) if known else "", style="dim"),
        )
    return table
