"""Classes of one window's beats in the light of the last minutes' beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ecgd.features.beats import SAME_BEAT_S, FoundBeats
from ecgd.features.classify import classify
from ecgd.features.usual_beats import compare_beats, follow_beats
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.signal import BoolArray
from ecgd.pipeline.history import History


def class_beats(
    found: FoundBeats, before: History, usable: BoolArray, fs_hz: float
) -> tuple[FoundBeats, History]:
    """Return the beats with their classes, and the history that has learned from the final ones.

    Beats that an earlier window told keep what that one said: they are not classed again.
    """
    told_until = before.beats[-1].r_peak if before.beats else None
    margin = round(SAME_BEAT_S * fs_hz)
    fresh = [
        row
        for row, beat in enumerate(found.beats)
        if told_until is None or beat.r_peak >= told_until + margin
    ]
    if found.shapes_mv is None:
        return found, before
    fresh = [row for row in fresh if row < found.shapes_mv.shape[0]]
    if not fresh:
        return found, before
    beats = [found.beats[row] for row in fresh]
    usual, seen = compare_beats(
        before.usual_beats,
        found.shapes_mv[fresh],
        usable,
        tuple(beat.r_peak for beat in beats),
        watched_from=before.watched_from,
        fs_hz=fs_hz,
    )
    after_early = bool(before.beats) and before.beats[-1].beat_class is BeatClass.S
    classed = classify(seen, [_width_s(beat, fs_hz) for beat in beats], after_early=after_early)
    named = [
        replace(
            beat,
            beat_class=each.beat_class,
            class_confidence=each.confidence,
            class_reason=each.reason,
        )
        for beat, each in zip(beats, classed, strict=True)
    ]
    settled = sum(beat.r_peak < found.final_before_index for beat in beats)
    return (
        replace(found, beats=_with(found.beats, fresh, named)),
        replace(before, usual_beats=follow_beats(usual, seen, settled)),
    )


def _width_s(beat: Beat, fs_hz: float) -> float | None:
    return None if beat.waves is None else (beat.waves.qrs_end - beat.waves.qrs_onset) / fs_hz


def _with(beats: tuple[Beat, ...], rows: Sequence[int], named: Sequence[Beat]) -> tuple[Beat, ...]:
    """Return the beats with those in ``rows`` replaced."""
    everyone = list(beats)
    for row, beat in zip(rows, named, strict=True):
        everyone[row] = beat
    return tuple(everyone)
