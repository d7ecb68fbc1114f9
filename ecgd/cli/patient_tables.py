"""Tables of patients and devices, at home in 80 columns."""

from __future__ import annotations

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from ecgd.cli.tables import plain_table
from ecgd.cli.words import ABSENT, age, clean, duration, live_age

Json = dict[str, Any]

_STYLE: Final = {"foreign": "bold red", "changed": "bold yellow", "bound": "green"}
_UNKNOWN: Final = "unknown"


def patients_table(patients: list[Json]) -> RenderableType:
    """Return one line per patient: who, where the signal comes from, who said so."""
    table = plain_table("patient", "born, sex", "source and link", "from")
    for patient in patients:
        born = patient["birth_year"] or _UNKNOWN
        table.add_row(
            Text(f"{clean(patient['patient_id'])}\n{clean(patient['name'])}"),
            Text(f"{born}\n{clean(patient['sex'])}"),
            Text(clean(patient["source"])).append_text(_link(patient)),
            Text(_origin(patient), style="dim"),
        )
    return table


def _link(patient: Json) -> Text:
    if patient["archived"]:
        return Text(f"\n{clean(patient['reason']) or 'archived'}", "dim")
    state = clean(patient["link_state"])
    style = "" if state == "up" else "yellow"
    return Text(f"\nlink {state} for {duration(patient['link_age_s'] or 0.0)}", style)


def _origin(patient: Json) -> str:
    origin = clean(patient["origin"])
    if patient["changed_age_s"] is None:
        return origin
    return f"{origin}\nby {clean(patient['changed_by'])}, {age(patient['changed_age_s'])}"


def devices_page(devices: list[Json]) -> RenderableType:
    """Return one line per device, then what is wrong with any of them."""
    table = plain_table("device", "patient", "is", "measures", "battery, seen")
    for device in devices:
        firmware = clean(device["firmware"])
        table.add_row(
            Text(f"{clean(device['device_id'])}\n{f'firmware {firmware}' if firmware else ''}"),
            Text(clean(device["name"])),
            Text(_standing(device), _STYLE.get(device["standing"], "")),
            Text(_measures(device)),
            Text(f"{_battery(device)}\n{_seen(device)}", style="dim"),
        )
    wrong = [Text("; ".join(clean(word) for word in d["words"])) for d in devices if d["words"]]
    return Group(table, *wrong)


def _standing(device: Json) -> str:
    standing = clean(device["standing"])
    if device["bound_age_s"] is None:
        return standing
    by = f"by {clean(device['bound_by'])}" if device["bound_by"] else "by itself"
    return f"{standing} {by},\n{age(device['bound_age_s'])}"


def _measures(device: Json) -> str:
    leads = ", ".join(clean(lead) for lead in device["leads"])
    scale = f"{device['counts_per_mv']:g} counts/mV"
    return f"{leads}, {device['fs_hz']:g} Hz\n{scale}\n{_front_end(device)}"


def _front_end(device: Json) -> str:
    low, high = (
        "?" if corner is None else f"{corner:g}"
        for corner in (device["highpass_hz"], device["lowpass_hz"])
    )
    return f"front end {low} to {high} Hz"


def _battery(device: Json) -> str:
    percent = device["battery_percent"]
    return ABSENT if percent is None else f"{percent:.0f} %, {age(device['battery_age_s'])}"


def _seen(device: Json) -> str:
    link = device["link_state"]
    if link is None:
        return f"heard {age(device['seen_age_s'])}"
    return f"link {clean(link)}, heard {live_age(device['seen_age_s'])}"
