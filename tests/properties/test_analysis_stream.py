"""Whole streams through the analysis: nothing makes it throw, and what must not matter does not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.cli.analysis_lines import assessment_line, dump_line
from ecgd.config.settings import Settings
from ecgd.evaluation.stream import analyse_stream, signal_of, with_signal
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray
from ecgd.sources.recording import COUNTS_PER_MV, Recording

few = settings(max_examples=20, derandomize=True, deadline=None)

TWO = ("I", "II")
DURATION_S = 16.0


def recording(signal_mv: FloatArray, fs_hz: float, leads: tuple[str, ...] = TWO) -> Recording:
    device = DeviceInfo("made", fs_hz, leads, COUNTS_PER_MV, adc_bits=32)
    counts = np.rint(np.clip(signal_mv, -1e5, 1e5) * COUNTS_PER_MV).astype(np.int32)
    return Recording("made", leads, fs_hz, counts, np.ones(counts.shape[1], np.bool_), device)


def made(kind: str, rng: np.random.Generator, fs_hz: float, leads: int) -> FloatArray:
    """Return (lead, sample) of one kind of trouble."""
    count = round((2.0 if kind == "two seconds" else DURATION_S) * fs_hz)
    rr_s = {"30 bpm": 2.0, "300 bpm": 0.2}.get(kind, 0.8)
    times = beat_times(count / fs_hz, rr_s)
    times = times[:1] if kind == "one beat" else times
    heart = ecg(times, count / fs_hz, fs_hz)[:leads, :count]
    noise = rng.normal(0.0, 0.5, (leads, count))
    other: dict[str, FloatArray] = {
        "flat": np.zeros((leads, count)),
        "white noise": noise,
        "saturated": np.clip(20.0 * heart + noise, -2.0, 2.0),
        "no beat": 0.01 * noise,
        "comes and goes": heart * (np.arange(count) // round(3 * fs_hz) % 2),
    }
    return other.get(kind, heart)


def check(assessments: tuple[Assessment, ...]) -> None:
    """Every answer is finite and can be told, and every beat comes once and in order."""
    for each in assessments:
        line = json.loads(dump_line(assessment_line("made", each)))
        assert line["outcome"] in {"normal", "anomaly", "cannot_judge"}
        rate_bpm = each.rhythm.heart_rate_bpm
        assert rate_bpm is None or 0.0 <= rate_bpm < 600.0
    r_peaks = [beat.r_peak for each in assessments for beat in each.beats]
    assert r_peaks == sorted(set(r_peaks))


@few
@given(
    kind=st.sampled_from(
        [
            *("flat", "white noise", "saturated", "no beat", "one beat", "two seconds"),
            *("30 bpm", "300 bpm", "comes and goes"),
        ]
    ),
    fs_hz=st.sampled_from([200.0, 250.0, 500.0]),
    leads=st.sampled_from([("I",), TWO, LIMB_LEADS, ("V1", "V2"), ("MLII", "V1")]),
    seed=st.integers(0, 1000),
    gaps=st.booleans(),
)
def test_no_stream_makes_it_throw(
    kind: str, fs_hz: float, leads: tuple[str, ...], seed: int, gaps: bool
) -> None:
    rng = np.random.default_rng(seed)
    taken = recording(made(kind, rng, fs_hz, len(leads)), fs_hz, leads)
    if gaps:
        lost = np.repeat(rng.random(taken.sample_count // 50 + 1) < 0.1, 50)[: taken.sample_count]
        taken = replace(taken, valid=~lost)
    check(analyse_stream(taken, Settings()).assessments)


@pytest.fixture(scope="module")
def heart() -> Recording:
    rng = np.random.default_rng(5)
    signal_mv = ecg(beat_times(DURATION_S, 0.83), DURATION_S, st_mv=(0.05, 0.12))[:2]
    return recording(signal_mv + rng.normal(0.0, 0.01, signal_mv.shape), 250.0)


def _summary(taken: Recording) -> tuple[list[float], list[str], dict[str, float]]:
    """Return the beats' times, the rhythms, and ST of the last window."""
    analysed = analyse_stream(taken, Settings())
    check(analysed.assessments)
    last = analysed.assessments[-1].st
    levels = {s.lead: s.level_mv for s in last.leads if s.level_mv is not None} if last else {}
    return (
        [beat.r_peak / taken.fs_hz for beat in analysed.beats],
        [each.rhythm.label for each in analysed.assessments],
        levels,
    )


@pytest.mark.parametrize("offset_mv", [-250.0, 3.0, 120.0])
def test_an_electrodes_own_voltage_does_not_matter(heart: Recording, offset_mv: float) -> None:
    plain = _summary(heart)
    moved = _summary(with_signal(heart, signal_of(heart) + offset_mv))
    assert moved[:2] == plain[:2]
    assert moved[2] == pytest.approx(plain[2], abs=0.002)


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_a_larger_heart_beats_as_often_and_its_st_is_as_much_larger(
    heart: Recording, gain: float
) -> None:
    plain = _summary(heart)
    scaled = _summary(with_signal(heart, gain * signal_of(heart)))
    assert scaled[0] == pytest.approx(plain[0], abs=0.009)
    assert scaled[2] == pytest.approx(
        {lead: gain * mv for lead, mv in plain[2].items()}, abs=0.01 * gain
    )


def test_exchanged_poles_of_every_lead_leave_beats_and_rhythm(heart: Recording) -> None:
    plain = _summary(heart)
    turned = _summary(with_signal(heart, -signal_of(heart)))
    assert len(turned[0]) == len(plain[0])
    assert turned[0] == pytest.approx(plain[0], abs=0.012)
    assert turned[1] == plain[1]


@pytest.mark.parametrize("fs_hz", [200.0, 360.0, 1000.0])
def test_the_sampling_rate_does_not_matter(heart: Recording, fs_hz: float) -> None:
    plain = _summary(heart)
    at_s = np.arange(round(DURATION_S * fs_hz)) / fs_hz
    own_s = np.arange(heart.sample_count) / heart.fs_hz
    signal_mv = np.stack([np.interp(at_s, own_s, row) for row in signal_of(heart)])
    other = _summary(recording(signal_mv, fs_hz))
    assert other[0] == pytest.approx(plain[0], abs=0.012)
    assert other[2] == pytest.approx(plain[2], abs=0.015)
