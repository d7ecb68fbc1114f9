"""What happened, in words: changes of alarms, links, devices and parts as live events."""

from __future__ import annotations

from dataclasses import dataclass

from ecgd.model.alarm import AlarmChange, Alert, ChangeKind, DeliveryReport, DeliveryResult
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import Severity
from ecgd.model.link import LinkState
from ecgd.model.live import EventKind, Fact
from ecgd.model.status import DaemonStatus, PartHealth


@dataclass(frozen=True, slots=True)
class Happening:
    """An event before it has its number and its time."""

    kind: EventKind
    change: str
    message: str
    severity: Severity | None = None
    facts: tuple[tuple[str, Fact], ...] = ()


_LINK_WORDS = {
    LinkState.CONNECTING: "connecting",
    LinkState.UP: "opened",
    LinkState.SILENT: "silent",
    LinkState.LOST: "closed",
    LinkState.ENDED: "ended",
}


def link_happening(state: LinkState, reason: str) -> Happening:
    """Say where a link stands now."""
    why = f": {reason}" if reason else ""
    return Happening(
        EventKind.LINK,
        _LINK_WORDS[state],
        f"link {state.value}{why}",
        facts=(("state", state.value), ("reason", reason)),
    )


def device_happening(device: DeviceInfo) -> Happening:
    """Say which device is there."""
    return Happening(
        EventKind.DEVICE,
        "seen",
        f"device {device.device_id}, {device.fs_hz:g} Hz, leads {', '.join(device.leads)}",
        facts=(("device_id", device.device_id), ("fs_hz", device.fs_hz)),
    )


def reset_happening(reason: str) -> Happening:
    """Say that the device counts its samples anew."""
    return Happening(EventKind.DEVICE, "reset", reason, facts=(("reason", reason),))


def alarm_happening(change: AlarmChange) -> Happening:
    """Say what became of an alarm."""
    alarm = change.alarm
    by = f" by {alarm.acknowledged_by}" if change.kind is ChangeKind.ACKNOWLEDGED else ""
    why = f": {'; '.join(alarm.evidence)}" if alarm.evidence else ""
    over = change.kind in (ChangeKind.CLEARED, ChangeKind.LATCHED)
    return Happening(
        EventKind.ALARM,
        change.kind.value,
        f"{alarm.event_type.value} {change.kind.value}{by}{'' if over else why}",
        alarm.severity,
        facts=(
            ("event_type", alarm.event_type.value),
            ("alert_id", alarm.alert_id),
            ("by", alarm.acknowledged_by),
        ),
    )


def alert_happening(alert: Alert) -> Happening:
    """Say what an alert says."""
    simulated = " (simulated)" if alert.simulated else ""
    return Happening(
        EventKind.ALERT,
        "sent",
        f"{alert.event_type.value}{simulated}: {alert.description}",
        alert.severity,
        facts=(
            ("alert_id", alert.alert_id),
            ("event_type", alert.event_type.value),
            ("recommended_action", alert.recommended_action),
            ("simulated", alert.simulated),
        ),
    )


def delivery_happening(report: DeliveryReport) -> Happening:
    """Say how one attempt at one target went."""
    item = report.item
    bad = report.result is not DeliveryResult.DELIVERED
    return Happening(
        EventKind.DELIVERY,
        report.result.value,
        f"alert {item.alert_id} to {item.target}: {report.result.value}, {report.detail}",
        Severity.MEDIUM if bad else None,
        facts=(
            ("alert_id", item.alert_id),
            ("target", item.target),
            ("attempts", item.attempts),
            ("duration_s", round(report.duration_s, 3)),
        ),
    )


def audio_happening(pause_s: float, by: str) -> Happening:
    """Say that the sound pauses."""
    message = f"sound paused for {pause_s:g} s by {by}"
    facts: tuple[tuple[str, Fact], ...] = (("pause_s", pause_s), ("by", by))
    return Happening(EventKind.AUDIO, "paused", message, facts=facts)


def part_happening(part: PartHealth) -> Happening:
    """Say that a part of the daemon failed, or works again."""
    change = "well" if part.healthy else "failed"
    message = f"{part.part} {'works' if part.healthy else 'fails'}: {part.detail}"
    severity = None if part.healthy else Severity.MEDIUM
    return Happening(EventKind.PART, change, message, severity, (("part", part.part),))


def all_parts(status: DaemonStatus) -> tuple[PartHealth, ...]:
    """Return the daemon's parts, its delivery targets among them."""
    targets = (PartHealth(f"target {t.name}", t.healthy, t.detail) for t in status.targets)
    return (*status.parts, *targets)
