"""Figures, ages and strangers' texts in words for a terminal."""

from __future__ import annotations

from typing import Any, Final

STALE_S: Final = 10.0
"""A live value older than this is marked as old."""

MINUS: Final = "\N{MINUS SIGN}"
NBSP: Final = "\N{NO-BREAK SPACE}"
REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
ABSENT: Final = "not reported"
REPORTING: Final = "block"
"""Protocol of the devices that report battery and contact; six-lead ones and recordings do not."""


def clean(text: Any) -> str:
    """Return ``text`` safe to print: a device's name must not move the cursor."""
    return "".join(c if c.isprintable() or c == NBSP else REPLACED for c in str(text))


def duration(seconds: float) -> str:
    """Return a span of time, two units at most."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if minutes < 120:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"


def age(seconds: float | None) -> str:
    """Return how long ago."""
    return "never" if seconds is None else f"{duration(seconds)} ago"


def live_age(seconds: float | None) -> str:
    """Return how long ago, marked when that is too long for a live value."""
    return age(seconds) + (", old" if seconds is not None and seconds > STALE_S else "")


def signed_mv(value_mv: float) -> str:
    """Return millivolts with a sign, two decimals."""
    return f"{value_mv:+.2f}".replace("-", MINUS)


def rate(value_bpm: float | None) -> str:
    """Return a heart rate."""
    return "rate unknown" if value_bpm is None else f"{value_bpm:.0f} bpm"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", NBSP)


def megabytes(size_bytes: float) -> str:
    """Return a size in MB, in kB where it is small, in GB where it is large."""
    if size_bytes < 99_500:
        return f"{size_bytes / 1e3:.0f} kB"
    if size_bytes >= 9.95e9:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:,.1f} MB".replace(",", NBSP)


def battery_text(patient: dict[str, Any]) -> str:
    """Return the charge of a patient's device (from ``/v1/status``), or why it is not known."""
    percent, millivolts = patient["battery"]["percent"], patient["battery"]["mv"]
    if percent is None and millivolts is None:
        return unreported(patient)
    volts = "" if millivolts is None else f"{millivolts / 1000:.2f} V"
    return volts if percent is None else f"{percent:.0f} %  {volts}".rstrip()


def unreported(patient: dict[str, Any]) -> str:
    """Return why a device's report lacks a value."""
    if patient["device"] is None:
        return f"{ABSENT}: no device was heard yet"
    reports = patient["device"]["protocol"].startswith(REPORTING)
    if patient["device_status"] is None and reports:
        return f"{ABSENT} yet"
    return f"{ABSENT} by this device"
