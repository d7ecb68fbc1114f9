"""The networks as pages."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ecgd.cli.tables import plain_table
from ecgd.cli.words import clean

Json = dict[str, Any]

HASH_SHOWN = 12


def models_page(installed: Json) -> RenderableType:
    """Return the page for what is installed."""
    networks = installed["networks"]
    head = Text(f"weights {clean(installed['weights_version'])}", "bold")
    total_kb = sum(network["size_bytes"] for network in networks) / 1e3
    head.append(f"  manifest {installed['models_hash'][:HASH_SHOWN]}, {total_kb:.0f} kB\n", "dim")
    head.append(f"{clean(installed['directory'])}\n", "dim")
    head.append(f"trained with ecgd {clean(installed['code_version'])}", "dim")
    head.append(f", calibrated at a prevalence of {installed['prevalence']:.0%}\n", "dim")
    if installed["runtime"]:
        head.append(f"runtime {clean(installed['runtime'])}", "dim")
    else:
        head.append("no runtime installed: install ai-edge-litert", "bold red")
    table = plain_table("network", "weight", "kind", "size", "sha256")
    for each in networks:
        table.add_row(
            Text(each["name"], "bold"),
            f"{each['weight']:g}",
            each["quantisation"],
            f"{each['size_bytes'] / 1e3:.1f} kB",
            Text(each["sha256"][:HASH_SHOWN], "dim"),
        )
    return Group(head, table, *(_details(network) for network in networks))


def _details(network: Json) -> Text:
    text = Text(f"{network['name']}: ", "bold")
    text.append(clean(", ".join(network["labels"])), "")
    figures = list(_figures(network["metrics"]))
    if figures:
        text.append(f"\n  {clean(', '.join(figures))}", "dim")
    return text


def _figures(metrics: Json, within: str = "") -> list[str]:
    """Return every figure with its name, those of tables within tables too."""
    found: list[str] = []
    for name, value in metrics.items():
        if isinstance(value, dict):
            found += _figures(value, f"{within}{name} ")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append(f"{within}{name} {value:.4g}")
    return found


def verdicts_page(verdicts: list[Json]) -> RenderableType:
    """Return the page for what became of the golden vectors."""
    table = plain_table("network", "verdict", "golden", "off by", "time", "memory")
    for each in verdicts:
        sound = not each["trouble"]
        table.add_row(
            Text(each["name"], "bold"),
            Text("sound", "green") if sound else Text("cannot be used", "bold red"),
            str(each["golden_vectors"]),
            _figure(each["largest_steps"], ".3g", "steps"),
            _figure(each["fastest_ms"], ".2f", "ms"),
            _figure(each["memory_mb"], ".1f", "MB"),
        )
    troubles = [Text(f"{v['name']}: {clean(v['trouble'])}") for v in verdicts if v["trouble"]]
    return Group(table, *troubles)


def _figure(value: float | None, form: str, unit: str) -> str:
    return "" if value is None else f"{value:{form}} {unit}"
