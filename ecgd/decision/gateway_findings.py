"""Technical findings of the gateway itself: whether alarms are kept, delivered and heard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ecgd.decision.technical import technical_finding
from ecgd.decision.technical_table import (
    COOL_C,
    DISK_FREE_AGAIN_MB,
    DISK_FREE_LEAST_MB,
    HOT_C,
    TECHNICAL,
)
from ecgd.model.finding import EventType, Finding, Severity

ADVICE_POWER = "use the computer's own power supply and a short, thick cable"
ADVICE_HOT = "give it air, or a heat sink"
ADVICE_DISK = "make room"


@dataclass(frozen=True, slots=True)
class TargetTrouble:
    """A target that does not deliver: what waits there, or was refused, is as grave as this."""

    name: str
    detail: str
    gravest: Severity | None = None


@dataclass(frozen=True, slots=True)
class GatewayState:
    """What is known of the gateway at one moment; empty or None: nothing is wrong, or not known.

    ``failing`` are targets that do not deliver now, ``lost`` alerts that a target has refused or
    that were given up a moment ago, ``overflowed`` how many messages found no room in that time.
    ``unanswered`` names the alerts of which everybody was told without an answer. ``unproven`` are
    ways that nothing has proved for too long.
    ``lost_alarms`` says which alarms of the run before could not be taken up. ``clock_step_s`` is
    by how much the wall clock was set a moment ago.
    """

    database_fault: str = ""
    lost_alarms: str = ""
    roster_fault: str = ""
    sound_fault: str = ""
    fault_light_trouble: str = ""
    answers_trouble: str = ""
    failing: tuple[TargetTrouble, ...] = ()
    lost: tuple[TargetTrouble, ...] = ()
    overflowed: int = 0
    unanswered: tuple[str, ...] = ()
    unproven: tuple[TargetTrouble, ...] = ()
    model_troubles: tuple[str, ...] = ()
    power_problems: tuple[str, ...] = ()
    temperature_c: float | None = None
    disk_free_mb: float | None = None
    clock_synchronised: bool | None = None
    clock_step_s: float | None = None


def gateway_findings(
    state: GatewayState, standing: frozenset[EventType] = frozenset()
) -> tuple[Finding, ...]:
    """Return the findings of one moment; what is ``standing`` ends at the milder of two limits."""
    return (
        *_keeping_findings(state),
        *_delivery_findings(state),
        *_computer_findings(state, standing),
        *_clock_findings(state),
    )


def _keeping_findings(state: GatewayState) -> Iterator[Finding]:
    if state.lost_alarms:
        yield _graver(EventType.DATABASE_FAULT, (state.lost_alarms,))
    elif state.database_fault:
        yield technical_finding(EventType.DATABASE_FAULT, state.database_fault)
    if state.roster_fault:
        yield technical_finding(EventType.ROSTER_FAULT, state.roster_fault)
    if state.model_troubles:
        yield technical_finding(EventType.MODEL_DEMOTED, *state.model_troubles)


def _delivery_findings(state: GatewayState) -> Iterator[Finding]:
    if state.sound_fault:
        yield technical_finding(EventType.SOUND_FAULT, state.sound_fault)
    if state.fault_light_trouble:
        yield technical_finding(EventType.FAULT_LIGHT_MISSING, state.fault_light_trouble)
    if state.answers_trouble:
        yield technical_finding(EventType.ANSWERS_FAILING, state.answers_trouble)
    troubles = (*state.lost, *state.failing)
    words = tuple(dict.fromkeys(f"{each.name}: {each.detail}" for each in troubles))
    if _is_grave(state.lost):
        yield _graver(EventType.DELIVERY_FAILING, words)
    elif _is_grave(state.failing):
        yield _graver(EventType.DELIVERY_FAILING, words, at_once=False)
    elif words:
        yield technical_finding(EventType.DELIVERY_FAILING, *words)
    failing = {each.name for each in state.failing}
    unproven = [each for each in state.unproven if each.name not in failing]
    if unproven:
        words = tuple(f"{each.name}: {each.detail}" for each in unproven)
        yield technical_finding(EventType.DELIVERY_UNPROVEN, *words)
    if state.unanswered:
        yield technical_finding(EventType.NOBODY_ANSWERED, *state.unanswered)
    if state.overflowed:
        words = (f"{state.overflowed} messages found no room",)
        yield technical_finding(EventType.ALARM_OVERFLOW, *words)


def _computer_findings(state: GatewayState, standing: frozenset[EventType]) -> Iterator[Finding]:
    if "undervoltage" in state.power_problems:
        yield technical_finding(EventType.GATEWAY_POWER, f"undervoltage: {ADVICE_POWER}")
    hot_c = COOL_C if EventType.GATEWAY_HOT in standing else HOT_C
    if state.temperature_c is not None and state.temperature_c >= hot_c:
        words = f"{state.temperature_c:.0f} °C: {ADVICE_HOT}"
        yield technical_finding(EventType.GATEWAY_HOT, words)
    full = EventType.STORAGE_NEARLY_FULL in standing
    least_mb = DISK_FREE_AGAIN_MB if full else DISK_FREE_LEAST_MB
    if state.disk_free_mb is not None and state.disk_free_mb < least_mb:
        words = f"{state.disk_free_mb:.0f} MB free on the disk of the state directory"
        yield technical_finding(EventType.STORAGE_NEARLY_FULL, f"{words}: {ADVICE_DISK}")


def _clock_findings(state: GatewayState) -> Iterator[Finding]:
    if state.clock_synchronised is False:
        words = "no time service keeps the gateway's clock"
        yield technical_finding(EventType.CLOCK_UNSYNCHRONISED, words)
    if state.clock_step_s is not None:
        words = f"the clock was set by {state.clock_step_s:+.0f} s"
        yield technical_finding(EventType.CLOCK_STEPPED, words)


def _is_grave(troubles: Iterable[TargetTrouble]) -> bool:
    return any(each.gravest is not None and each.gravest >= Severity.HIGH for each in troubles)


def _graver(event_type: EventType, words: tuple[str, ...], *, at_once: bool = True) -> Finding:
    """Return a finding of the graver case; ``at_once``: it is a fact, and needs no hold-off."""
    kind = TECHNICAL[event_type]
    lasted_s = kind.hold_s if at_once else 0.0
    return technical_finding(event_type, *words, severity=kind.graver, lasted_s=lasted_s)
