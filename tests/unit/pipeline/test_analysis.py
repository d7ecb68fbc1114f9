"""Analysis: pure, idempotent per beat, and honest about what it cannot judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.score_watch import ADOPT_S, BINS, KNOWN_S, ScoreWatch
from ecgd.dsp.derivation import complete_limb_leads
from ecgd.ensemble.member import Answer, FusedCalibration, Scorer
from ecgd.inference.scorer import NoModels
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import EventType, Outcome, RiskLevel, Severity, Territory
from ecgd.model.link import SamplesReceived
from ecgd.model.signal import FloatArray, SampleBlock, Window
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import Intake, WindowReady
from ecgd.sources.stream import open_stream
from ecgd.sources.url import SyntheticUrl, parse_source

SETTINGS = AnalysisSettings()


class FixedScores:
    """Networks that always answer the same to what they see."""

    names = ("cnn", "lstm")
    scoring = "fixed"
    models_hash = "0"
    fused_calibration: Mapping[str, FusedCalibration] = {}

    def __init__(self, answer: float, label: str = "infarction") -> None:
        self.answer = answer
        self.label = label
        self.shapes: list[dict[str, tuple[int, ...]]] = []

    def score(self, inputs: Mapping[str, FloatArray | None]) -> dict[str, Answer | None]:
        self.shapes.append({k: v.shape for k, v in inputs.items() if v is not None})
        return {"cnn": Answer(self.answer, ((self.label, 0.7),)), "lstm": Answer(self.answer)}


def analysis(scorer: Scorer | None = None) -> Analysis:
    return Analysis(SETTINGS, EnsembleSettings(), scorer or NoModels("none"), lambda: 0.0)


def windows_of(source: str, seconds: float) -> list[Window]:
    url = parse_source(source)
    assert isinstance(url, SyntheticUrl)
    stream = open_stream(url)
    intake = Intake(SETTINGS)
    found: list[Window] = []
    start = 0
    while start < seconds * 250 and (block := stream.take(250)) is not None:
        received = SampleBlock(start, block.counts, block.valid, start / 250)
        start += int(block.counts.shape[1])
        for event in intake.receive(SamplesReceived(received, stream.device)):
            if isinstance(event, WindowReady):
                found.append(event.window)
    return found


def assess_all(windows: list[Window], judge: Analysis | None = None) -> list[Assessment]:
    judge = judge or analysis()
    history = History()
    found = []
    for number, window in enumerate(windows, start=1):
        assessed = judge.assess(window, history, last=number == len(windows))
        history = assessed.history
        found.append(assessed.assessment)
    return found


def r_peaks_of(assessments: list[Assessment]) -> list[int]:
    return [beat.r_peak for a in assessments for beat in a.beats]


CLEAN = "synthetic:?rate=72&noise=none&seed=3"


def test_a_quiet_heart_is_normal_and_says_what_it_cannot_see() -> None:
    last = assess_all(windows_of(CLEAN, 20))[-1]
    assert last.outcome is Outcome.NORMAL
    assert last.risk_level is RiskLevel.NORMAL
    assert last.rhythm.heart_rate_bpm == pytest.approx(72, abs=3)
    assert last.st is not None
    assert "anterior" in last.st.not_visible
    assert last.scores is None


def test_every_beat_becomes_final_in_exactly_one_window() -> None:
    found = assess_all(windows_of(CLEAN, 40))
    r_peaks = r_peaks_of(found)
    assert r_peaks == sorted(r_peaks)
    gaps = np.diff(r_peaks) / 250.0
    assert gaps.min() > 0.6
    assert gaps.max() < 1.1
    assert len(r_peaks) == pytest.approx(40 * 72 / 60, abs=3)


def test_the_same_windows_give_the_same_assessments() -> None:
    windows = windows_of("synthetic:?rate=80&noise=mild&seed=5", 15)
    assert assess_all(windows) == assess_all(windows)


def test_a_dropped_window_harms_nothing() -> None:
    windows = windows_of(CLEAN, 30)
    whole = assess_all(windows)
    without = assess_all(windows[:10] + windows[11:])
    assert r_peaks_of(without) == r_peaks_of(whole)
    assert without[-1].st == whole[-1].st


def test_an_inferior_elevation_is_critical_with_its_territory() -> None:
    last = assess_all(windows_of("synthetic:?st=inferior:0.25&noise=none&seed=1", 20))[-1]
    assert last.risk_level is RiskLevel.CRITICAL_STEMI
    assert last.st is not None
    assert last.st.territory is Territory.INFERIOR
    (finding,) = last.findings
    assert finding.event_type is EventType.STEMI_DETECTED
    assert finding.severity is Severity.CRITICAL


def test_a_high_pass_front_end_makes_st_unmeasurable_but_not_the_rate() -> None:
    windows = windows_of("synthetic:?st=inferior:0.25&noise=none&seed=1", 15)
    bent = [replace(w, device=replace(w.device, highpass_hz=0.5)) for w in windows]
    last = assess_all(bent)[-1]
    assert last.outcome is Outcome.CANNOT_JUDGE
    assert last.risk_level is None
    assert any("high-pass" in reason for reason in last.cannot_judge)
    assert last.rhythm.heart_rate_bpm is not None
    assert EventType.STEMI_DETECTED in last.unjudged


def test_an_electrode_that_is_off_is_never_normal_and_never_an_asystole() -> None:
    windows = windows_of(CLEAN, 20)
    off = frozenset({"RA", "LA", "LL"})
    dead = [replace(w, electrodes_off=off, signal_mv=np.zeros_like(w.signal_mv)) for w in windows]
    for assessment in assess_all(dead):
        assert assessment.outcome is Outcome.CANNOT_JUDGE
        assert assessment.findings == ()
        assert "electrode off" in assessment.cannot_judge


def test_a_flat_line_with_good_electrodes_is_an_asystole() -> None:
    windows = windows_of("synthetic:?rhythm=asystole&noise=none&seed=2", 15)
    attached = [replace(w, electrodes_off=frozenset()) for w in windows]
    last = assess_all(attached)[-1]
    assert [finding.event_type for finding in last.findings] == [EventType.ASYSTOLE]
    assert last.outcome is Outcome.ANOMALY


@pytest.mark.parametrize("noise", ["none", "mild", "muscle:0.05", "wander:0.3,mains50:0.05"])
def test_an_asystole_is_seen_under_the_noise_of_a_living_room(noise: str) -> None:
    windows = windows_of(f"synthetic:?rhythm=asystole&noise={noise}&seed=2", 10)
    last = assess_all(windows)[-1]
    assert [finding.event_type for finding in last.findings] == [EventType.ASYSTOLE]


def test_noise_is_neither_a_heart_nor_its_standstill() -> None:
    rng = np.random.default_rng(0)
    windows = windows_of(CLEAN, 20)
    noisy = [replace(w, signal_mv=rng.normal(0, 1.5, w.signal_mv.shape)) for w in windows]
    for assessment in assess_all(noisy):
        assert assessment.outcome is Outcome.CANNOT_JUDGE
        assert assessment.findings == ()


def test_a_hole_in_the_samples_is_no_pause() -> None:
    windows = windows_of(CLEAN, 30)
    holed = []
    for window in windows:
        index = np.arange(window.start_index, window.end_index)
        holed.append(replace(window, valid=window.valid & ~((index > 2500) & (index < 3500))))
    for assessment in assess_all(holed):
        events = {finding.event_type for finding in assessment.findings}
        assert not events & {EventType.PAUSE, EventType.ASYSTOLE, EventType.EXTREME_BRADYCARDIA}


def test_another_origin_starts_with_an_empty_history() -> None:
    windows = windows_of(CLEAN, 12)
    judge = analysis()
    history = History()
    for window in windows:
        history = judge.assess(window, history).history
    reset = judge.assess(replace(windows[0], origin=1), history)
    assert reset.history.origin == 1
    assert all(beat.r_peak < windows[0].end_index for beat in reset.history.beats)
    assert reset.assessment == replace(judge.assess(windows[0], History()).assessment, origin=1)


@pytest.mark.parametrize("fs_hz", [128.0, 250.0, 360.0, 500.0, 1000.0])
def test_any_sampling_rate_gives_the_same_rate_and_st(fs_hz: float) -> None:
    base = windows_of("synthetic:?st=lateral:0.25&noise=none&rate=75&seed=1", 15)
    found = []
    for window in base:
        old = np.arange(window.signal_mv.shape[1]) / 250.0
        new = np.arange(round(5 * fs_hz)) / fs_hz
        signal = np.stack([np.interp(new, old, row) for row in window.signal_mv[:2]])
        leads, six = complete_limb_leads(("I", "II"), signal)
        device = DeviceInfo("x", fs_hz, ("I", "II"), 1000.0, adc_bits=24)
        start = round(window.start_index / 250.0 * fs_hz)
        valid = np.ones(new.size, dtype=np.bool_)
        found.append(Window(start, fs_hz, leads, six, valid, 0.0, device))
    last = assess_all(found)[-1]
    assert last.rhythm.heart_rate_bpm == pytest.approx(75, abs=3)
    assert last.risk_level is RiskLevel.CRITICAL_STEMI
    assert last.st is not None
    assert last.st.territory is Territory.HIGH_LATERAL


def test_networks_answer_second_and_can_raise_an_anomaly_alone() -> None:
    scorer = FixedScores(0.85)
    judge = analysis(scorer)
    history = History()
    for window in windows_of(CLEAN, 10):
        assessed = judge.assess(window, history)
        history = assessed.history
    assert assessed.assessment.scores is None
    scored = judge.score(assessed).assessment
    assert scored.scores is not None
    assert scored.scores.fused == pytest.approx(0.85)
    assert scored.scores.left_out == ("rnn",)
    assert scored.scores.labels == (("cnn: infarction", 0.7),)
    assert scored.scores.models_hash == "0"
    (finding,) = scored.findings
    assert finding.event_type is EventType.CARDIAC_ANOMALY
    assert scorer.shapes == [{"cnn": (1250, 6), "lstm": (125, 17)}]


def test_what_is_usual_for_the_patient_is_no_finding_of_the_networks() -> None:
    judge = analysis(FixedScores(0.85))
    window = windows_of(CLEAN, 10)[-1]
    usual_s = np.zeros(BINS)
    usual_s[34] = 2 * KNOWN_S
    for watch, kinds in (
        (ScoreWatch(), [EventType.CARDIAC_ANOMALY]),
        (ScoreWatch(usual_s=usual_s), []),
    ):
        history = History()
        for each in windows_of(CLEAN, 10):
            assessed = judge.assess(each, replace(history, score_watch=watch))
            history = assessed.history
        scored = judge.score(assessed)
        assert [f.event_type for f in scored.assessment.findings] == kinds
        assert EventType.CARDIAC_ANOMALY not in scored.assessment.unjudged
        assert scored.assessment.scores is not None
        assert scored.assessment.scores.is_usual is (not kinds)
        assert scored.teach(history).score_watch.time_s == window.time_s


def test_what_the_rules_find_by_themselves_is_no_finding_of_the_networks() -> None:
    judge = analysis(FixedScores(0.95))
    history = History()
    for window in windows_of("synthetic:?rhythm=af&rate=90&noise=none&seed=3", 45):
        assessed = judge.assess(window, history)
        history = assessed.history
    for label, reason in (("atrial fibrillation", "ATRIAL_FIBRILLATION"), ("infarction", "")):
        scored = analysis(FixedScores(0.95, label)).score(assessed)
        kinds = {each.event_type: each.severity for each in scored.assessment.findings}
        assert kinds[EventType.ATRIAL_FIBRILLATION] is Severity.MEDIUM
        assert scored.assessment.scores is not None
        assert scored.lesson is not None
        assert scored.assessment.scores.explained_by == reason
        assert scored.lesson.is_explained is bool(reason)
        assert (EventType.CARDIAC_ANOMALY in kinds) is not bool(reason)
        assert kinds.get(EventType.CARDIAC_ANOMALY, Severity.MEDIUM) is Severity.MEDIUM


def test_scores_become_usual_in_one_window() -> None:
    judge = analysis(FixedScores(0.85))
    news_s = np.zeros(BINS)
    news_s[33] = ADOPT_S - 1.5
    history = History(score_watch=ScoreWatch(news_s=news_s))
    told = []
    for window in windows_of(CLEAN, 12):
        assessed = judge.assess(window, history)
        scored = judge.score(assessed)
        history = scored.teach(assessed.history)
        if scored.assessment.scores is not None:
            told.append((scored.assessment.scores.becomes_usual, len(scored.assessment.findings)))
    assert [became for became, _ in told].count(True) == 1
    at = [became for became, _ in told].index(True)
    assert [count for _, count in told] == [1] * (at + 1) + [0] * (len(told) - at - 1)
    assert at < len(told) - 1


def test_usual_scores_outlive_the_sample_count() -> None:
    usual_s = np.ones(BINS)
    first, second, *_ = windows_of(CLEAN, 8)
    known = History(score_watch=ScoreWatch(usual_s=usual_s, time_s=50.0))
    history = analysis(FixedScores(0.1)).assess(first, known).history
    assert history.score_watch.time_s == 50.0
    again = analysis(FixedScores(0.1)).assess(replace(second, origin=1), history).history
    assert again.score_watch.usual_s is usual_s
    assert again.score_watch.time_s == -np.inf


def test_a_low_score_never_hides_an_infarction() -> None:
    judge = analysis(FixedScores(0.0))
    history = History()
    for window in windows_of("synthetic:?st=inferior:0.25&noise=none&seed=1", 15):
        assessed = judge.assess(window, history)
        history = assessed.history
    scored = judge.score(assessed).assessment
    assert scored.risk_level is RiskLevel.CRITICAL_STEMI
    assert EventType.STEMI_DETECTED in {f.event_type for f in scored.findings}


@pytest.mark.parametrize("level_mv", [0.0, 5.0, 1e6, -1e9])
def test_constants_of_any_size_give_finite_answers(level_mv: float) -> None:
    window = windows_of(CLEAN, 6)[0]
    constant = replace(window, signal_mv=np.full_like(window.signal_mv, level_mv))
    assessment = analysis().assess(constant, History()).assessment
    assert assessment.risk_level is None
    assert {finding.event_type for finding in assessment.findings} <= {EventType.ASYSTOLE}
    assert all(np.isfinite(lead.sqi) for lead in assessment.quality)
