"""Real networks behind the real analysis: nothing throws, and no score is invented."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from model_examples import MODELS

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.inference.scorer import load_sound_scorer
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import Outcome
from ecgd.model.link import SamplesReceived
from ecgd.model.signal import SampleBlock
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import Intake, WindowReady

RNG = np.random.default_rng(9)
COUNT = 250 * 14
TIME_S = np.arange(COUNT) / 250.0
SPIKES = (np.abs((TIME_S % 0.8) - 0.4) < 0.02) * 1000.0
SIGNALS = {
    "flat": np.zeros((2, COUNT)),
    "noise": RNG.normal(0.0, 2000.0, (2, COUNT)),
    "saturated": np.full((2, COUNT), 32767.0),
    "beats": np.stack([SPIKES, 1.5 * SPIKES]) + RNG.normal(0.0, 5.0, (2, COUNT)),
    "one beat": np.stack([(np.abs(TIME_S - 7.0) < 0.02) * 1000.0] * 2),
    "300 bpm": 500.0 * np.sin(2 * np.pi * 5.0 * TIME_S) * np.ones((2, 1)),
    "lost lead": np.stack([SPIKES + RNG.normal(0.0, 5.0, COUNT), np.zeros(COUNT)]),
}


def scored(
    signal: np.ndarray, leads: tuple[str, ...] = ("I", "II"), fs_hz: float = 250.0
) -> list[Assessment]:
    """Return the networks' answer to every window of a signal in counts of 1 µV."""
    device = DeviceInfo("any", fs_hz, leads, counts_per_mv=1000.0)
    judge = Analysis(AnalysisSettings(), EnsembleSettings(), load_sound_scorer(MODELS), lambda: 0.0)
    intake, history, found = Intake(AnalysisSettings()), History(), []
    for start in range(0, signal.shape[1] - 249, 250):
        counts = signal[:, start : start + 250].astype(np.int32)
        valid = np.ones(counts.shape[1], dtype=np.bool_)
        block = SampleBlock(start, counts, valid, start / fs_hz)
        for event in intake.receive(SamplesReceived(block, device)):
            if isinstance(event, WindowReady):
                assessed = judge.assess(event.window, history)
                opinion = judge.score(assessed)
                history = opinion.teach(assessed.history)
                found.append(opinion.assessment)
    return found


@pytest.mark.parametrize("name", SIGNALS)
def test_any_signal(name: str) -> None:
    answers = scored(SIGNALS[name])
    assert answers
    for answer in answers:
        if answer.outcome is Outcome.CANNOT_JUDGE:
            assert answer.scores is None
        elif answer.scores is not None:
            shares = (answer.scores.fused, answer.scores.boosted, answer.scores.confidence)
            assert all(0.0 <= share <= 1.0 for share in shares)


def test_beats_are_scored_by_all_who_have_history() -> None:
    scores = [answer.scores for answer in scored(SIGNALS["beats"])][-1]
    assert scores is not None
    assert [name for name, _ in scores.members] == ["cnn", "lstm"]
    assert scores.left_out == ("rnn",)
    assert len(scores.labels) == 4 + 7


@pytest.mark.parametrize(
    ("leads", "fs_hz"), [(("II",), 250.0), (("V1", "V5"), 250.0), (("I", "II"), 360.0)]
)
def test_other_leads_and_rates(leads: tuple[str, ...], fs_hz: float) -> None:
    answers = scored(SIGNALS["beats"][: len(leads)], leads, fs_hz)
    assert answers
    if leads == ("V1", "V5"):
        assert all(answer.scores is None for answer in answers), "nobody was trained on these"


def test_what_is_not_a_number_does_not_reach_the_networks() -> None:
    judge = Analysis(AnalysisSettings(), EnsembleSettings(), load_sound_scorer(MODELS), lambda: 0.0)
    device = DeviceInfo("any", 250.0, ("I", "II"), counts_per_mv=1000.0)
    intake = Intake(AnalysisSettings())
    counts = SIGNALS["beats"].astype(np.int32)
    block = SampleBlock(0, counts, np.ones(COUNT, dtype=np.bool_), 0.0)
    events = intake.receive(SamplesReceived(block, device))
    window = next(event.window for event in events if isinstance(event, WindowReady))
    for value in (np.nan, np.inf):
        signal_mv = window.signal_mv.copy()
        signal_mv[:, 400:700] = value
        answer = judge.score(judge.assess(replace(window, signal_mv=signal_mv), History()))
        if answer.assessment.scores is not None:
            assert 0.0 <= answer.assessment.scores.fused <= 1.0
