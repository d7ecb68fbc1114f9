"""Was every link of the chain seen to work? Each with its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

from ecgd.cli.alert_page import networks_lines
from ecgd.cli.demo_receiver import Delivery
from ecgd.cli.opinion_words import opinion_text
from ecgd.cli.words import count, duration, rate, signed_mv
from ecgd.errors import StoreError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain."""

    name: str
    worked: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """What the database says of an alert."""

    alert_id: str
    event_type: str
    severity: str
    after_s: float
    scores: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Signal:
    """What IEC 60601-1-8 asks of one priority's sound and light."""

    pulses: int
    pulse_s: tuple[float, float]
    light: str
    flash_hz: tuple[float, float] | None


_HIGH: Final = _Signal(10, (0.075, 0.2), "red", (1.4, 2.8))
_SIGNALS: Final = {
    "CRITICAL": _HIGH,
    "HIGH": _HIGH,
    "MEDIUM": _Signal(3, (0.125, 0.25), "yellow", (0.4, 0.8)),
    "LOW": _Signal(1, (0.075, 1.0), "yellow", None),
}


def packets_link(patient: Json | None) -> Link:
    """Packets came over the simulated line."""
    name = "packets"
    if patient is None:
        return Link(name, False, "the daemon never answered")
    link = patient["link"]["statistics"]
    evidence = (
        f"{count(link['packets'], 'packet')}, {count(link['samples'], 'sample')}, "
        f"{link['samples_lost']} lost, {count(link['crc_errors'], 'bad checksum')}"
    )
    return Link(name, link["packets"] > 0 and link["samples"] > 0, evidence)


def analysis_link(patient: Json | None) -> Link:
    """Windows were analysed and judged."""
    name = "analysis"
    assessment = patient["assessment"] if patient else None
    if patient is None or assessment is None:
        return Link(name, False, "no window was analysed")
    windows = count(patient["windows"]["analysed"], "window")
    worst = assessment["st"]["worst"] if assessment["st"] else None
    st = f", ST {worst['lead']} {signed_mv(worst['level_mv'])} mV" if worst else ", ST not judged"
    heart = rate(assessment["rhythm"]["heart_rate_bpm"])
    judged = assessment["outcome"] != "cannot_judge"
    risk = f", {assessment['risk_level']}" if assessment["risk_level"] else ""
    opinion = f", networks {opinion_text(scores)}" if (scores := assessment["scores"]) else ""
    return Link(name, judged, f"{windows}, {heart}{st}{risk}{opinion}")


def stored_link(alerts: list[StoredAlert] | str, expect: str) -> Link:
    """The alert is in the database; ``alerts`` may be the reason why it cannot be read."""
    name = "stored"
    if isinstance(alerts, str):
        return Link(name, False, alerts)
    found = [alert for alert in alerts if alert.event_type == expect]
    if not found:
        others = ", ".join(sorted({alert.event_type for alert in alerts})) or "no alert"
        return Link(name, False, f"{expect} is not in SQLite; there is {others}")
    first = found[0]
    after = f"{duration(first.after_s)} after the start"
    return Link(
        name, True, f"{first.severity} {expect} in SQLite, {after}, id {first.alert_id[:8]}"
    )


def networks_link(alerts: list[StoredAlert] | str, expect: str) -> Link:
    """The networks that are installed gave their opinion, and the alert carries it."""
    name = "networks"
    found = (
        [] if isinstance(alerts, str) else [each for each in alerts if each.event_type == expect]
    )
    if not found:
        return Link(name, False, f"no {expect} that could carry their opinion")
    scores = found[0].scores
    return Link(name, bool(scores), f"beside the rules: {'; '.join(networks_lines(scores))}")


def read_alerts(database: Path, since_unix_s: float) -> list[StoredAlert] | str:
    """Return this run's alerts, oldest first, or why they cannot be read."""
    from ecgd.store.reader import StoreReader  # noqa: PLC0415 - numpy would delay the start

    try:
        entries = StoreReader(database).alerts(since_unix_s=since_unix_s)
    except StoreError as wrong:
        return str(wrong)
    return [
        StoredAlert(
            entry.alert.alert_id,
            entry.alert.event_type.value,
            entry.alert.severity.name,
            entry.alert.occurred_unix_s - since_unix_s,
            dict(entry.alert.scores),
        )
        for entry in reversed(entries)
    ]


def pins_link(pulse_log: Path, severity: str, since_mono_s: float) -> Link:
    """Buzzer and light played the pattern of the alert's priority."""
    name = "pins"
    try:
        changes = _changes(pulse_log.read_text(encoding="ascii"), since_mono_s)
    except (OSError, ValueError) as wrong:
        return Link(name, False, f"{pulse_log} cannot be read: {wrong}")
    wanted = _SIGNALS[severity]
    pulses = _pulses(changes.get("buzzer", []))
    lights = changes.get(wanted.light, [])
    flashes = [time_s for time_s, on in lights if on]
    flash_hz = _frequency_hz(flashes)
    if len(pulses) < wanted.pulses or not flashes:
        seen = f"buzzer {count(len(pulses), 'pulse')}, {wanted.light} {len(flashes)} times on"
        return Link(name, False, f"{seen}: no {severity} pattern")
    low_s, high_s = wanted.pulse_s
    pulse_s = median(pulses)
    right = low_s <= pulse_s <= high_s and _is_within(flash_hz, wanted.flash_hz)
    light = f"{wanted.light} light" + (f" {flash_hz:.1f} Hz" if flash_hz else " steady")
    heard = f"buzzer {count(len(pulses), 'pulse')} of {1000 * pulse_s:.0f} ms, {light}"
    return Link(name, right, heard)


def _is_within(frequency_hz: float | None, wanted_hz: tuple[float, float] | None) -> bool:
    if wanted_hz is None:
        return True
    return frequency_hz is not None and wanted_hz[0] <= frequency_hz <= wanted_hz[1]


def _changes(text: str, since_mono_s: float) -> dict[str, list[tuple[float, bool]]]:
    """Return each channel's changes; a last line that is cut is left out."""
    whole, _, _ = text.rpartition("\n")
    changes: dict[str, list[tuple[float, bool]]] = {}
    for line in whole.splitlines():
        time_text, channel, _, state = line.split()
        if float(time_text) >= since_mono_s:
            changes.setdefault(channel, []).append((float(time_text), state == "1"))
    return changes


def _pulses(changes: list[tuple[float, bool]]) -> list[float]:
    """Return how long each pulse lasted."""
    lengths, began_s = [], None
    for time_s, on in changes:
        if on and began_s is None:
            began_s = time_s
        elif not on and began_s is not None:
            lengths.append(time_s - began_s)
            began_s = None
    return lengths


def _frequency_hz(begins_s: list[float]) -> float | None:
    if len(begins_s) < 3:
        return None
    period_s = median(b - a for a, b in pairwise(begins_s))
    return 1.0 / period_s if period_s > 0 else None


def webhook_link(
    deliveries: Iterable[Delivery], alerts: list[StoredAlert] | str, expect: str
) -> Link:
    """The stored alert reached the receiver, with a signature that is right."""
    name = "webhook"
    deliveries = list(deliveries)
    known = [] if isinstance(alerts, str) else [a.alert_id for a in alerts]
    wrong = [delivery.fault for delivery in deliveries if delivery.fault]
    if wrong:
        return Link(name, False, f"{count(len(wrong), 'message')} refused: {wrong[0]}")
    found = [d for d in deliveries if d.event_type == expect and d.alert_id in known]
    if not found:
        return Link(name, False, f"{expect} was not delivered ({len(deliveries)} others were)")
    signed = f"signature right, message {found[0].message_id[:8]}"
    return Link(name, True, f"{expect} delivered over HTTP, {signed}")
