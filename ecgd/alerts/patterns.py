"""What buzzer and lights do for each priority (IEC 60601-1-8:2006+A2:2020, 6.3.2 and 6.3.3).

The chosen values stand inside the standard's limits:

========  =====================  =============================  ==================
priority  light                  burst                          repeat
========  =====================  =============================  ==================
high      red, 1.4–2.8 Hz,       10 pulses of 75–200 ms,        2.5–15 s after the
          duty 20–60 %           3 + 2, 3 + 2                   burst
medium    yellow, 0.4–0.8 Hz,    3 pulses of 125–250 ms         2.5–30 s after the
          duty 20–60 %                                          burst
low       yellow, steady         1–2 pulses                     more than 15 s
                                                                after the burst
========  =====================  =============================  ==================

A pattern is data; a player turns pins at the times that ``edges`` yields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, takewhile

from ecgd.model.alarm import Priority


class Channel(StrEnum):
    """What hangs on a pin."""

    BUZZER = "buzzer"
    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Pulses as (start, end) seconds since the pattern began, repeated every ``period_s``.

    ``period_s`` None: played once. ``pulses_s`` are in order, do not touch and end within the
    period. A pulse that ends at infinity is a steady light.
    """

    pulses_s: tuple[tuple[float, float], ...]
    period_s: float | None = None


def burst(gaps_s: tuple[float, ...], pulse_s: float, interval_s: float) -> Pattern:
    """Return equal pulses with ``gaps_s`` between them, again ``interval_s`` after the last."""
    pulses = [(0.0, pulse_s)]
    for gap_s in gaps_s:
        start_s = pulses[-1][1] + gap_s
        pulses.append((start_s, start_s + pulse_s))
    return Pattern(tuple(pulses), pulses[-1][1] + interval_s)


def flash(frequency_hz: float, duty: float) -> Pattern:
    """Return a flashing light that is on for the fraction ``duty`` of each period."""
    return Pattern(((0.0, duty / frequency_hz),), 1.0 / frequency_hz)


STEADY = Pattern(((0.0, float("inf")),))

_HIGH_GAPS_S = (0.10, 0.10, 0.35, 0.10, 0.50, 0.10, 0.10, 0.35, 0.10)
"""Spacing x = 100 ms; 2 x + pulse between the groups of 3 and 2; 0.35–1.3 s between the halves."""

BUZZER: dict[Priority, Pattern] = {
    Priority.HIGH: burst(_HIGH_GAPS_S, pulse_s=0.15, interval_s=3.0),
    Priority.MEDIUM: burst((0.2, 0.2), pulse_s=0.2, interval_s=6.0),
    Priority.LOW: burst((0.2,), pulse_s=0.2, interval_s=20.0),
}

LIGHT: dict[Priority, tuple[Channel, Pattern]] = {
    Priority.HIGH: (Channel.RED, flash(2.0, 0.5)),
    Priority.MEDIUM: (Channel.YELLOW, flash(0.5, 0.5)),
    Priority.LOW: (Channel.YELLOW, STEADY),
}

HEARTBEAT = flash(0.5, 0.1)
"""Green: everybody is monitored and well."""

TEST_S = 2.0
LAMP_TEST = Pattern(((0.0, TEST_S),))
BUZZER_TEST = Pattern(((0.0, 0.2), (0.4, 0.6)))

TRIAL_S = BUZZER[Priority.HIGH].pulses_s[-1][1]
"""One burst of a HIGH alarm."""


def shown_patterns(
    priority: Priority | None, *, sounding: bool, all_well: bool, light: Priority | None = None
) -> dict[Channel, Pattern]:
    """Return what each channel plays; a channel that is missing stays off.

    ``light`` is a graver priority that shines without sound, if there is one.
    """
    playing: dict[Channel, Pattern] = {}
    if priority is not None:
        channel, pattern = LIGHT[light or priority]
        playing[channel] = pattern
        if sounding:
            playing[Channel.BUZZER] = BUZZER[priority]
    elif all_well:
        playing[Channel.GREEN] = HEARTBEAT
    return playing


def lamp_test_patterns() -> dict[Channel, Pattern]:
    """Return the lamp and buzzer test: every light on, two pulses of the buzzer."""
    lights = dict.fromkeys((Channel.RED, Channel.YELLOW, Channel.GREEN), LAMP_TEST)
    return {**lights, Channel.BUZZER: BUZZER_TEST}


def trial_patterns(*, sounding: bool) -> dict[Channel, Pattern]:
    """Return a HIGH alarm's burst, once, with its light meanwhile.

    No pattern equals an alarm's own: one that begins meanwhile begins anew, and not in a pause.
    """
    channel, light = LIGHT[Priority.HIGH]
    flashes = takewhile(lambda pulse: pulse[1] <= TRIAL_S, _repeated(light))
    playing = {channel: Pattern(tuple(flashes))}
    if sounding:
        playing[Channel.BUZZER] = Pattern(BUZZER[Priority.HIGH].pulses_s)
    return playing


def _repeated(pattern: Pattern) -> Iterator[tuple[float, float]]:
    """Yield the pulses of a pattern that repeats."""
    for start_s in (n * (pattern.period_s or 0.0) for n in count()):
        yield from ((start_s + on_s, start_s + off_s) for on_s, off_s in pattern.pulses_s)


def edges(pattern: Pattern) -> Iterator[tuple[float, bool]]:
    """Yield (seconds since the pattern began, pin state) in order; endless if it repeats."""
    starts = [0.0] if pattern.period_s is None else (n * pattern.period_s for n in count())
    for offset_s in starts:
        for on_s, off_s in pattern.pulses_s:
            yield offset_s + on_s, True
            if off_s != float("inf"):
                yield offset_s + off_s, False


def edges_until(pattern: Pattern, duration_s: float) -> tuple[tuple[float, bool], ...]:
    """Return the edges of the first ``duration_s`` seconds (finite), that end excluded."""
    return tuple(takewhile(lambda edge: edge[0] < duration_s, edges(pattern)))
