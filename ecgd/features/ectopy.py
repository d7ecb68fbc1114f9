"""Premature beats and their patterns, from the classes of the beats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ecgd.model.beat import Beat, BeatClass
from ecgd.model.rhythm import RhythmObservation, RhythmSign

COUNTED_S: Final = 60.0
LEAST_WATCHED_S: Final = 20.0
"""Premature beats are counted over a minute, in the first one from 20 s on."""

PATTERN_S: Final = 30.0
"""Patterns are told while their last beat is no older."""

LEAST_RUN: Final = 3
"""Ventricular beats in a row that are a run; two are a couplet."""

BIGEMINY: Final = re.compile(r"(?:[NS]V){3,}")
TRIGEMINY: Final = re.compile(r"(?:[NS]{2}V){3,}")
COUPLET: Final = re.compile(r"(?<!V)VV(?!V)")
VENTRICULAR_RUN: Final = re.compile(rf"V{{{LEAST_RUN},}}")
SUPRAVENTRICULAR_RUN: Final = re.compile(rf"S{{{LEAST_RUN},}}")
"""In the classes of the beats, a letter each: fusion beats and those in doubt break a pattern."""


def observe_ectopy(
    beats: Sequence[Beat], now_index: int, watched_s: float, fs_hz: float
) -> tuple[RhythmObservation, ...]:
    """Return what the classes of ``beats``, in order, show at ``now_index``."""
    minute = [b for b in beats if b.r_peak > now_index - COUNTED_S * fs_hz]
    recent = [b for b in minute if b.r_peak > now_index - PATTERN_S * fs_hz]
    classes = "".join([beat.beat_class for beat in minute])
    newest = classes[len(minute) - len(recent) :]
    return (
        *_rates(classes, min(watched_s, COUNTED_S)),
        *_patterns(newest),
        *_runs(recent, newest, fs_hz),
    )


def _rates(classes: str, watched_s: float) -> list[RhythmObservation]:
    """Return how many premature beats come in a minute."""
    if watched_s < LEAST_WATCHED_S:
        return []
    kinds = (
        (RhythmSign.PREMATURE_VENTRICULAR, BeatClass.V),
        (RhythmSign.PREMATURE_SUPRAVENTRICULAR, BeatClass.S),
    )
    counted = ((sign, classes.count(kind)) for sign, kind in kinds)
    per_minute = ((sign, count * COUNTED_S / watched_s) for sign, count in counted if count)
    return [RhythmObservation(sign, rate, f"{sign} {rate:.0f}/min") for sign, rate in per_minute]


def _patterns(classes: str) -> list[RhythmObservation]:
    found = (
        (RhythmSign.COUPLETS, len(COUPLET.findall(classes))),
        (RhythmSign.BIGEMINY, len(BIGEMINY.findall(classes))),
        (RhythmSign.TRIGEMINY, len(TRIGEMINY.findall(classes))),
    )
    return [
        RhythmObservation(
            sign, float(count), f"{sign} ({count})" if sign is RhythmSign.COUPLETS else sign.value
        )
        for sign, count in found
        if count
    ]


def _runs(beats: Sequence[Beat], classes: str, fs_hz: float) -> list[RhythmObservation]:
    """Return the longest run of each kind, with its length and rate."""
    runs: list[RhythmObservation] = []
    for sign, pattern in (
        (RhythmSign.VENTRICULAR_RUN, VENTRICULAR_RUN),
        (RhythmSign.SUPRAVENTRICULAR_RUN, SUPRAVENTRICULAR_RUN),
    ):
        longest = max(pattern.finditer(classes), key=lambda m: m.end() - m.start(), default=None)
        if longest is not None:
            first, last = beats[longest.start()].r_peak, beats[longest.end() - 1].r_peak
            count = longest.end() - longest.start()
            rate_bpm = 60.0 * (count - 1) * fs_hz / max(1, last - first)
            runs.append(
                RhythmObservation(sign, float(count), f"{sign}: {count} at {rate_bpm:.0f} bpm")
            )
    return runs
