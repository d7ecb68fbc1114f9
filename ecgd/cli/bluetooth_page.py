"""The devices that the radio knows, at home in 80 columns."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ecgd.cli.tables import plain_table
from ecgd.cli.words import MINUS, age, clean

Json = dict[str, Any]


def bluetooth_page(view: Json) -> RenderableType:
    """Return the adapter and one line per device, the patients' first, then the strongest."""
    adapter, devices = view["adapter"], view["devices"]
    head = clean(adapter["trouble"]) or f"adapter {clean(adapter['name'])}, {adapter['address']}"
    heading = Text(head, "yellow" if adapter["trouble"] else "dim")
    if not devices:
        return Group(heading, Text("no device was heard: is it on, near, and not connected?"))
    table = plain_table("Bluetooth device", "signal", "is", "patient")
    for device in sorted(devices, key=_order):
        table.add_row(
            Text(f"{clean(device['name']) or 'no name'}\n{clean(device['address'])}"),
            Text(signal_text(device), style="dim"),
            Text(standing_text(device), "" if device["paired"] else "yellow"),
            Text(clean(device["patient_name"])),
        )
    told = {"", adapter["trouble"]}
    wrong = [Text(clean(d["trouble"]), "yellow") for d in devices if d["trouble"] not in told]
    return Group(heading, table, *wrong)


def signal_text(device: Json) -> str:
    """Return a device's signal strength with its age; it is told during a search only."""
    rssi_dbm = device["rssi_dbm"]
    if rssi_dbm is None:
        return "not told"
    return f"{rssi_dbm} dBm, {age(device['rssi_age_s'])}".replace("-", MINUS)


def standing_text(device: Json) -> str:
    """Return what a device is to this computer."""
    words = [word for word in ("paired", "trusted", "connected") if device[word]]
    if device["has_serial_port"] is False:
        words.append("no serial port")
    return ", ".join(words) or "not paired"


def _order(device: Json) -> tuple[bool, int, str]:
    rssi_dbm = device["rssi_dbm"]
    return not device["patient_id"], -999 if rssi_dbm is None else -rssi_dbm, device["address"]
