"""Every technical alarm, whole: how grave, after how long, until when, and from which cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ecgd.model.finding import EventType, Severity

HOT_C: Final = 80.0
"""From here a Raspberry Pi slows its processor down."""

COOL_C: Final = 75.0
"""Below this it counts as cooled again."""

DISK_FREE_LEAST_MB: Final = 500.0
DISK_FREE_AGAIN_MB: Final = 600.0
"""With less free the disk is nearly full, until so much is free again."""

CLOCK_STEP_S: Final = 2.0
"""A wall clock that departs by more between two looks was set; a time service only slows it."""

UNJUDGED_S: Final = 10.0
"""Nothing judged for longer than this is evidence of a signal that cannot be used."""

MUTED_LONGEST_S: Final = 1800.0
"""An acknowledged alarm of missing data is raised again after this at the latest."""


@dataclass(frozen=True, slots=True)
class TechnicalKind:
    """One kind of technical alarm.

    ``setting`` names the key of ``[alarms.hold_off]`` that holds its hold-off; without one it is
    ``hold_s``. It clears after ``clear_s`` without its cause, or as long as the hold-off where that
    is longer. ``graver`` is the severity in the graver case that ``cause`` names. ``blinds``: while
    it stands the patient may not be watched, so no answer silences it for longer than
    ``MUTED_LONGEST_S``.
    """

    severity: Severity
    cause: str
    setting: str = ""
    hold_s: float = 0.0
    clear_s: float = 10.0
    graver: Severity | None = None
    blinds: bool = False


TECHNICAL: Final[dict[EventType, TechnicalKind]] = {
    EventType.CHECK_PATIENT: TechnicalKind(
        Severity.HIGH,
        "nothing judged for more than 10 s while a heart alarm stands or a lethal rhythm was "
        "suspected",
        blinds=True,
    ),
    EventType.ELECTRODE_OFF: TechnicalKind(
        Severity.MEDIUM, "the device reports an electrode off", "electrode_off_s", blinds=True
    ),
    EventType.ELECTRODE_SWAPPED: TechnicalKind(
        Severity.MEDIUM, "electrodes have looked exchanged for some time", blinds=True
    ),
    EventType.CHANNEL_FAULT: TechnicalKind(
        Severity.MEDIUM, "measured leads have contradicted each other for some time", blinds=True
    ),
    EventType.SIGNAL_UNUSABLE: TechnicalKind(
        Severity.MEDIUM,
        "the signal cannot be judged, or nothing has been judged for more than 10 s whatever the "
        "reason",
        "signal_unusable_s",
        blinds=True,
    ),
    EventType.LINK_LOST: TechnicalKind(
        Severity.MEDIUM,
        "the connection is away, or open without a sample for 2 s",
        "link_lost_s",
        blinds=True,
    ),
    EventType.DEVICE_FOREIGN: TechnicalKind(
        Severity.MEDIUM, "the device is not the patient's", "link_lost_s", blinds=True
    ),
    EventType.DEVICE_CHANGED: TechnicalKind(
        Severity.MEDIUM, "the device measures otherwise than before", "electrode_off_s"
    ),
    EventType.BATTERY_CRITICAL: TechnicalKind(
        Severity.MEDIUM, "charge below `alarms.battery_critical_percent`", "battery_s", blinds=True
    ),
    EventType.BATTERY_LOW: TechnicalKind(
        Severity.LOW, "charge below `alarms.battery_low_percent`", "battery_s"
    ),
    EventType.ALARM_OVERFLOW: TechnicalKind(
        Severity.HIGH,
        "an alert of HIGH or CRITICAL found no room on its way to a target, or any while nothing "
        "can be stored; a lighter one waits on the disk",
        clear_s=60.0,
    ),
    EventType.NOBODY_ANSWERED: TechnicalKind(
        Severity.HIGH,
        "every contact was told of a HIGH or CRITICAL alert, or could not be, and nobody has "
        "answered",
    ),
    EventType.DELIVERY_FAILING: TechnicalKind(
        Severity.MEDIUM,
        "a target does not take messages, wants none any more, or cannot be used; graver when an "
        "alert of HIGH or CRITICAL waits there, at once when one was refused or given up",
        hold_s=60.0,
        clear_s=60.0,
        graver=Severity.HIGH,
    ),
    EventType.DELIVERY_UNPROVEN: TechnicalKind(
        Severity.MEDIUM,
        "no alert, test or canary has reached a target for `proof.too_old_s`, or no synthetic "
        "heart has raised an alarm; not where the target already counts as `DELIVERY_FAILING`",
    ),
    EventType.SOUND_FAULT: TechnicalKind(
        Severity.MEDIUM,
        "a pin of buzzer, lights or button fails, or a Raspberry Pi lets none be opened",
        hold_s=10.0,
        blinds=True,
    ),
    EventType.ANSWERS_FAILING: TechnicalKind(
        Severity.LOW,
        "for 60 s nobody's answer can be heard by a way that should bring it, while alerts wait "
        "for one",
        hold_s=60.0,
        clear_s=60.0,
    ),
    EventType.FAULT_LIGHT_MISSING: TechnicalKind(
        Severity.LOW,
        "a fault light is configured, and nobody takes the daemon's signs of life",
        hold_s=60.0,
    ),
    EventType.DATABASE_FAULT: TechnicalKind(
        Severity.MEDIUM,
        "nothing can be stored; graver, and at once, when alarms of the run before are lost",
        hold_s=10.0,
        graver=Severity.HIGH,
    ),
    EventType.ROSTER_FAULT: TechnicalKind(
        Severity.MEDIUM, "the list of patients is damaged or cannot be kept"
    ),
    EventType.GATEWAY_POWER: TechnicalKind(
        Severity.MEDIUM,
        "the Raspberry Pi's firmware or kernel reports too little voltage, now or since the look "
        "before",
        clear_s=600.0,
    ),
    EventType.GATEWAY_HOT: TechnicalKind(
        Severity.LOW, "80 °C or more, until it is below 75 °C", hold_s=60.0
    ),
    EventType.STORAGE_NEARLY_FULL: TechnicalKind(
        Severity.LOW,
        "less than 500 MB free on the disk of the state directory, until 600 MB are",
        hold_s=60.0,
    ),
    EventType.CLOCK_UNSYNCHRONISED: TechnicalKind(
        Severity.LOW, "no time service keeps the clock: times of alerts may be wrong", hold_s=600.0
    ),
    EventType.CLOCK_STEPPED: TechnicalKind(
        Severity.LOW,
        "the wall clock was set by more than 2 s while it counted as right; its first correction "
        "is none",
        clear_s=60.0,
    ),
    EventType.MODEL_DEMOTED: TechnicalKind(Severity.LOW, "a network is not asked"),
    EventType.TEST_ALARM: TechnicalKind(
        Severity.CRITICAL, "a person runs `ecgctl alerts test`; it is simulated, and never stands"
    ),
}
"""In the order of the documentation: the patient first, then delivery, then the gateway."""


def muted_longest_s(event_type: EventType, reminder_s: float) -> float:
    """Return after how long an acknowledged alarm that persists is raised again, in seconds."""
    kind = TECHNICAL.get(event_type)
    return min(reminder_s, MUTED_LONGEST_S) if kind is not None and kind.blinds else reminder_s
