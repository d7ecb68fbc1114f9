"""The page of ``ecgctl diagnostics``."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ecgd.cli.coverage_words import recent_words
from ecgd.cli.machine_lines import NOT_KNOWN, machine_lines
from ecgd.cli.status_page import parts_grid
from ecgd.cli.tables import plain_table
from ecgd.cli.words import age, clean, count, duration

Json = dict[str, Any]


def diagnostics_page(answer: Json) -> RenderableType:
    """Return the whole page for an answer of ``/v1/diagnostics``."""
    status = answer["status"]
    return Group(
        Text(f"ecgd {clean(status['version'])}, pid {status['pid']}", "bold"),
        _latency(answer),
        _alarm_delay(answer["alarm_delay"]),
        _patients_latency(answer["patients"]),
        _links(status["patients"]),
        _losses(answer),
        _coverage(status["patients"]),
        _daemon(answer),
        _machine(answer["machine"]),
        parts_grid(status),
    )


def _latency(answer: Json) -> RenderableType:
    table = plain_table("stage (ms)", "windows", "p50", "p95", "p99", "max", "budget", "")
    for column in table.columns[1:-1]:
        column.justify = "right"
    commit = [answer["store_commit"]] if answer["store_commit"] else []
    for stage in [*answer["latency"], *commit]:
        figures = [_ms(stage[key]) for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")]
        table.add_row(
            clean(stage["stage"]),
            str(stage["count"]),
            *(figures if stage["count"] else ["-"] * 4),
            f"{stage['budget_ms']:.0f}",
            _kept(stage["within_budget"]),
        )
    return table


def _alarm_delay(delay: Json | None) -> RenderableType:
    """Return what has no budget: the hold-off is part of it."""
    if delay is None:
        return Text("first evidence to pins: no alarm yet", "dim")
    median, longest = (duration(delay[key] / 1e3) for key in ("p50_ms", "max_ms"))
    alarms = count(delay["count"], "alarm")
    return Text(f"first evidence to pins, with hold-off: median {median}, max {longest}, {alarms}")


def _patients_latency(patients: list[Json]) -> RenderableType:
    """Return each stage's p99 for every patient, the slowest patient first."""
    ranked = sorted(patients, key=_slowness, reverse=True)
    stages = list(dict.fromkeys(s["stage"] for each in ranked for s in each["latency"]))
    if not stages:
        return Text("")
    table = plain_table("p99 (ms) of", *(clean(each["patient_id"]) for each in ranked))
    for column in table.columns[1:]:
        column.justify = "right"
    for stage in stages:
        kept = [{s["stage"]: s for s in each["latency"]}.get(stage) for each in ranked]
        table.add_row(clean(stage), *map(_p99, kept))
    return table


def _slowness(patient: Json) -> float:
    return float(sum(stage["p99_ms"] or 0.0 for stage in patient["latency"]))


def _p99(stage: Json | None) -> Text:
    if stage is None:
        return Text("-", "dim")
    late = stage["within_budget"] is False
    return Text(_ms(stage["p99_ms"]), "bold red" if late else "")


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


def _losses(answer: Json) -> RenderableType:
    """Return what was thrown away, and why."""
    table = plain_table("lost of", "what", "bytes discarded as")
    for patient in answer["patients"]:
        table.add_row(
            Text(clean(patient["patient_id"])),
            Text(_pairs(patient["dropped"])),
            Text(_pairs(patient["discarded_bytes"])),
        )
    table.add_row("the daemon", Text(_pairs(answer["dropped"])), "")
    return table


def _coverage(patients: list[Json]) -> RenderableType:
    """Return whose last hour was covered too little, and why."""
    lines = []
    for patient in patients:
        account = patient.get("coverage")
        words, low = recent_words(account) if account else ("", False)
        if low:
            lines.append(Text(f"low coverage of {clean(patient['patient_id'])}, {words}", "yellow"))
    return Group(*lines) if lines else Text("coverage of the last hour: not low", "dim")


def _machine(machine: Json) -> RenderableType:
    age_s = machine["age_s"]
    looked = "not looked at yet" if age_s is None else f"looked at {age(age_s)}"
    table = plain_table("computer", looked)
    for line in machine_lines(machine):
        name, _, words = line.partition(": ")
        table.add_row(name, Text(clean(words), "dim" if words == NOT_KNOWN else ""))
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
        "upkeep": _pairs({name: round(n) for name, n in answer.get("upkeep", {}).items()}),
        "memory": f"{answer['memory_mb']:.0f} MB" if answer["memory_mb"] is not None else "unknown",
        "configuration": status["config_hash"],
        "models": status["models_hash"] or "none installed",
        "python": f"{answer['python']} on {answer['platform']}",
    }
    for name, value in rows.items():
        table.add_row(name, Text(clean(value)))
    return table


def _pairs(figures: dict[str, int]) -> str:
    some = ((name, value) for name, value in figures.items() if value)
    return ", ".join(f"{name} {value}" for name, value in some) or "none"
