"""The alarm machine over analysed windows: what it raised, and what stood in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from ecg_shapes import beat_times, ecg

from ecgd.config.settings import Settings
from ecgd.ensemble.member import Answer, FusedCalibration
from ecgd.evaluation.alarm_course import (
    count_by_networks,
    count_critical,
    follow_alarms,
    raised_events,
)
from ecgd.evaluation.stream import Analysed, analyse_stream, recording_of_uv
from ecgd.model.finding import EventType
from ecgd.model.signal import FloatArray


def stopping_uv(stop_s: float, duration_s: float = 30.0) -> FloatArray:
    """Return two leads of a heart that stops."""
    signal_mv = ecg(beat_times(stop_s, 0.8), duration_s)[:2]
    noise_mv = np.random.default_rng(2).normal(scale=0.008, size=signal_mv.shape)
    rounded: FloatArray = np.rint(1000 * (signal_mv + noise_mv))
    return rounded


def analysed(signal_uv: FloatArray) -> Analysed:
    return analyse_stream(recording_of_uv("heart", ("II", "V"), 250.0, signal_uv), Settings())


def test_a_heart_that_stops_is_raised_and_only_within_the_last_seconds() -> None:
    assert EventType.ASYSTOLE in raised_events(analysed(stopping_uv(20.0)).assessments, 14.0)
    resumed = stopping_uv(4.0)
    resumed[:, 10 * 250 :] = stopping_uv(20.0, 20.0)
    resumed[:, 28 * 250 :] = 0
    assessments = analysed(resumed[:, : 27 * 250]).assessments
    assert EventType.ASYSTOLE in raised_events(assessments, 0.0)
    assert EventType.ASYSTOLE not in raised_events(assessments, 21.0)


def test_a_critical_alarm_counts_once_however_long_it_stands() -> None:
    assessments = analysed(stopping_uv(15.0, 40.0)).assessments
    assert count_critical(assessments) == {"ASYSTOLE": 1}
    standing = [step for step in follow_alarms(assessments) if step.book.alarms]
    assert len(standing) > 10
    assert count_critical(analysed(stopping_uv(30.0)).assessments) == {}


class Sure:
    """Networks that always say the same."""

    names = ("cnn", "lstm", "rnn")
    scoring = "sure"
    models_hash = "0"
    fused_calibration: Mapping[str, FusedCalibration] = {}

    def __init__(self, probability: float) -> None:
        self.probability = probability

    def score(self, inputs: Mapping[str, FloatArray | None]) -> dict[str, Answer | None]:
        return {name: Answer(self.probability) for name in self.names}


def test_the_networks_own_alarm_counts_once_and_after_hold_off() -> None:
    recording = recording_of_uv("heart", ("I", "II"), 250.0, stopping_uv(100.0, 100.0))
    seen = analyse_stream(recording, Settings(), Sure(0.77))
    assert count_by_networks(seen) == 1
    in_turn = list(seen.in_turn)
    assert in_turn[::2] == list(seen.assessments) and in_turn[1::2] == list(seen.opinions)
    half = len(seen.assessments) // 2
    early = replace(seen, assessments=seen.assessments[:half], opinions=seen.opinions[:half])
    assert count_by_networks(early) == 0
    assert count_by_networks(analyse_stream(recording, Settings(), Sure(0.7))) == 0


def test_without_networks_there_is_nothing_of_theirs() -> None:
    seen = analysed(stopping_uv(20.0, 20.0))
    assert seen.opinions == () and list(seen.in_turn) == list(seen.assessments)
    assert count_by_networks(seen) == 0
