"""The computer under the daemon, in words; what cannot be read there is said to be not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

Json = dict[str, Any]

NOT_KNOWN: Final = "not known on this machine"


def machine_lines(machine: Json) -> Iterator[str]:
    """Yield a line each for ``machine`` of ``/v1/diagnostics``, name before the colon."""
    yield f"model: {machine['model'] or NOT_KNOWN}"
    yield f"power now: {_problems(machine['power_problems'])}"
    yield f"power since it started: {_problems(machine['earlier_power_problems'])}"
    yield f"temperature: {_figure(machine['temperature_c'], '.0f', ' °C')}"
    yield f"processor: {_processor(machine)}"
    yield f"memory: {_free(machine['memory_available_mb'], machine['memory_total_mb'])}"
    yield f"disk of the state directory: {_free(machine['disk_free_mb'], machine['disk_total_mb'])}"
    synchronised = {True: "synchronised", False: "not synchronised", None: NOT_KNOWN}
    yield f"clock: {synchronised[machine['clock_synchronised']]}"


def _problems(problems: list[str] | None) -> str:
    if problems is None:
        return NOT_KNOWN
    return ", ".join(problems) or "well"


def _processor(machine: Json) -> str:
    cores, load = machine["cpu_count"], machine["load_1min"]
    words = [] if load is None else [f"load {load:.2f} on {cores or 'unknown'} cores"]
    if machine["cpu_mhz"] is not None:
        most = _figure(machine["cpu_max_mhz"], ".0f", " MHz")
        words.append(f"{machine['cpu_mhz']:.0f} of {most}")
    return ", ".join(words) or NOT_KNOWN


def _free(free_mb: float | None, total_mb: float | None) -> str:
    if free_mb is None or total_mb is None:
        return NOT_KNOWN
    return f"{_size(free_mb)} of {_size(total_mb)} free"


def _size(mb: float) -> str:
    return f"{mb / 1000:.1f} GB" if mb >= 1000 else f"{mb:.0f} MB"


def _figure(value: float | None, shape: str, unit: str) -> str:
    return NOT_KNOWN if value is None else f"{value:{shape}}{unit}"
