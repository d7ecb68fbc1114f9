"""Technical findings: why the patient may not be watched, or help not be reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ecgd.config.settings import AlarmSettings
from ecgd.decision.technical_table import TECHNICAL, UNJUDGED_S
from ecgd.model.finding import (
    ChannelFinding,
    Domain,
    EventType,
    Finding,
    PlacementFinding,
    Severity,
)
from ecgd.model.trouble import electrodes_off_words

TECHNICAL_SEVERITY: Final = {kind: about.severity for kind, about in TECHNICAL.items()}
"""MEDIUM where the patient may no longer be watched, or help no longer be reached."""

BY_DEVICE: Final = frozenset(
    {
        *(EventType.ELECTRODE_OFF, EventType.ELECTRODE_SWAPPED, EventType.CHANNEL_FAULT),
        *(EventType.BATTERY_LOW, EventType.BATTERY_CRITICAL, EventType.SIGNAL_UNUSABLE),
        *(EventType.DEVICE_FOREIGN, EventType.DEVICE_CHANGED),
    }
)
"""Kinds that only what the device sends can show, or show to be over."""

CHECK_PATIENT_S: Final = 10.0
"""Unjudgeable for longer than this while the heart is in doubt: look at the patient."""


@dataclass(frozen=True, slots=True)
class TechnicalState:
    """What is known of one patient's equipment at one moment.

    ``signal_reasons`` says why the signal cannot be judged, empty while it can.
    ``link_lost_reason`` None: the link is up. ``unjudged_s`` is for how long nothing was judged,
    whatever the cause. ``unwatched_s`` is for how long samples of the patient's own device should
    have been judged and were not, and ``unwatched_reason`` why. ``heart_in_doubt``: see
    ``alarm_book.heart_in_doubt``. ``foreign_device`` and ``device_changes`` say in words what is
    wrong with the device, empty where it is right.
    ``placement`` and ``channels``: what the newest assessment says of electrodes and leads.
    """

    electrodes_off: frozenset[str] | None = None
    signal_reasons: tuple[str, ...] = ()
    link_lost_reason: str | None = None
    battery_percent: float | None = None
    unjudged_s: float = 0.0
    unwatched_s: float = 0.0
    unwatched_reason: str = ""
    heart_in_doubt: bool = False
    foreign_device: tuple[str, ...] = ()
    device_changes: tuple[str, ...] = ()
    placement: PlacementFinding | None = None
    channels: ChannelFinding | None = None


def technical_findings(state: TechnicalState, settings: AlarmSettings) -> tuple[Finding, ...]:
    """Return the technical findings of one moment."""
    found: list[Finding] = []
    if state.heart_in_doubt and state.unjudged_s > CHECK_PATIENT_S:
        evidence = f"nothing judged for {state.unjudged_s:.0f} s while the heart was in doubt"
        found.append(technical_finding(EventType.CHECK_PATIENT, evidence))
    if state.electrodes_off:
        words = electrodes_off_words(state.electrodes_off)
        found.append(technical_finding(EventType.ELECTRODE_OFF, *words))
    if state.placement is not None:
        seen = (state.placement.exchanged, state.placement.evidence)
        found.append(technical_finding(EventType.ELECTRODE_SWAPPED, *seen))
    if state.channels is not None and state.channels.lasting:
        found.append(technical_finding(EventType.CHANNEL_FAULT, state.channels.reason))
    if state.signal_reasons:
        found.append(technical_finding(EventType.SIGNAL_UNUSABLE, *state.signal_reasons))
    elif state.unwatched_s > UNJUDGED_S and not state.electrodes_off:
        found.append(_unwatched_finding(state))
    if state.link_lost_reason is not None:
        reason = state.link_lost_reason or "no data"
        found.append(technical_finding(EventType.LINK_LOST, f"link lost: {reason}"))
    if state.foreign_device:
        found.append(technical_finding(EventType.DEVICE_FOREIGN, *state.foreign_device))
    if state.device_changes:
        found.append(technical_finding(EventType.DEVICE_CHANGED, *state.device_changes))
    battery = _battery_event(state.battery_percent, settings)
    if battery is not None:
        found.append(technical_finding(battery, f"battery at {state.battery_percent:.0f} %"))
    return tuple(found)


def unseen(state: TechnicalState) -> frozenset[EventType]:
    """Return the kinds whose absence says nothing: without a link the device tells nothing."""
    return frozenset() if state.link_lost_reason is None else BY_DEVICE


def technical_finding(
    event_type: EventType, *evidence: str, severity: Severity | None = None, lasted_s: float = 0.0
) -> Finding:
    """Return one technical finding, with the severity of its kind unless another is given."""
    return Finding(
        event_type,
        severity or TECHNICAL_SEVERITY[event_type],
        Domain.TECHNICAL,
        evidence,
        lasted_s=lasted_s,
    )


def battery_percent(battery_mv: int | None, settings: AlarmSettings) -> float | None:
    """Return the charge, 0 to 100 %, on the straight line from empty to full; None: unknown."""
    if battery_mv is None:
        return None
    span_mv = max(1, settings.battery_full_mv - settings.battery_empty_mv)
    return min(100.0, max(0.0, 100.0 * (battery_mv - settings.battery_empty_mv) / span_mv))


def _unwatched_finding(state: TechnicalState) -> Finding:
    """Return that nothing is judged, whatever the reason: a silent hole must not stay silent."""
    words = f"nothing judged for {state.unwatched_s:.0f} s: {state.unwatched_reason}"
    return technical_finding(EventType.SIGNAL_UNUSABLE, words, lasted_s=UNJUDGED_S)


def _battery_event(percent: float | None, settings: AlarmSettings) -> EventType | None:
    if percent is None or percent >= settings.battery_low_percent:
        return None
    if percent < settings.battery_critical_percent:
        return EventType.BATTERY_CRITICAL
    return EventType.BATTERY_LOW
