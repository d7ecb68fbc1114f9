"""The alarm machine over analysed windows: what it raised, and what stood in the end."""

from __future__ import annotations

import numpy as np
from ecg_shapes import beat_times, ecg

from ecgd.config.settings import Settings
from ecgd.evaluation.alarm_course import count_critical, follow_alarms, raised_events
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
