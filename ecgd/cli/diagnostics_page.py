"""The page of ``ecgctl diagnostics``."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ecgd.cli.status_page import parts_grid
from ecgd.cli.tables import plain_table
from ecgd.cli.words import clean, duration

Json = dict[str, Any]


def diagnostics_page(answer: Json) -> RenderableType:
    """Return the whole page for an answer of ``/v1/diagnostics``."""
    status = answer["status"]
    return Group(
        Text(f"ecgd {clean(status['version'])}, pid {status['pid']}", "bold"),
        _latency(answer),
        _links(status["patients"]),
        _daemon(answer),
        parts_grid(status),
    )


def _latency(answer: Json) -> RenderableType:
    table = plain_table("stage (ms)", "windows", "p50", "p95", "p99", "max", "budget", "")
    for column in table.columns[1:-1]:
        column.justify = "right"
    for stage in [
        *answer["latency"],
        *([answer["store_commit"]] if answer["store_commit"] else []),
    ]:
        figures = [_ms(stage[key]) for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")]
        table.add_row(
            clean(stage["stage"]),
            str(stage["count"]),
            *(figures if stage["count"] else ["-"] * 4),
            f"{stage['budget_ms']:.0f}",
            _kept(stage["within_budget"]),
        )
    return table


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _kept(within: bool | None) -> Text:
    if within is None:
        return Text("not yet measured", "dim")
    return Text("kept", "green") if within else Text("NOT KEPT", "bold red")


def _links(patients: list[Json]) -> RenderableType:
    table = plain_table("link", "in", "discarded", "crc", "gaps", "lost", "resets", "clock")
    for column in table.columns[1:]:
        column.justify = "right"
    for patient in patients:
        figures = patient["link"]["statistics"]
        keys = ("bytes_in", "bytes_discarded", "crc_errors", "gaps", "samples_lost", "resets")
        ppm = figures["clock_ppm"]
        table.add_row(
            Text(clean(patient["patient_id"])),
            *(str(figures[key]) for key in keys),
            "-" if ppm is None else f"{ppm:+.0f} ppm",
        )
    return table


def _daemon(answer: Json) -> RenderableType:
    loop, status = answer["loop"], answer["status"]
    table = plain_table("daemon", "")
    late = f"late {loop['late_count']} times, {_ms(loop['late_max_ms'])} ms at most"
    counts = ((patient["patient_id"], patient["windows"]) for patient in status["patients"])
    windows = (f"{who}: {n['analysed']} analysed, {n['replaced']} replaced" for who, n in counts)
    rows = {
        "uptime": duration(status["uptime_s"]),
        "loop": late,
        "windows": "; ".join(windows),
        "queues": _pairs(answer["queue_depths"]),
        "dropped": _pairs(answer["dropped"]),
        "memory": f"{answer['memory_mb']:.0f} MB" if answer["memory_mb"] is not None else "unknown",
        "configuration": status["config_hash"],
        "models": status["models_hash"] or "none installed",
        "python": f"{answer['python']} on {answer['platform']}",
    }
    for name, value in rows.items():
        table.add_row(name, Text(clean(value)))
    return table


def _pairs(figures: dict[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items()) or "none"
