"""What is remembered for the networks over a stream, and that nothing is without any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.ensemble.member import Answer, FusedCalibration
from ecgd.inference.scorer import NoModels
from ecgd.model.link import SamplesReceived
from ecgd.model.signal import FloatArray, SampleBlock, Window
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import Intake, WindowReady
from ecgd.pipeline.model_inputs import FRAMES, STRIP_S
from ecgd.pipeline.model_memory import ModelMemory, model_inputs
from ecgd.pipeline.progression import ROWS
from ecgd.sources.stream import open_stream
from ecgd.sources.url import SyntheticUrl, parse_source

SETTINGS = AnalysisSettings()


class Watcher:
    """Networks that keep what they were shown."""

    names = ("cnn", "lstm", "rnn")
    scoring = "watching"
    models_hash = "0"
    fused_calibration: Mapping[str, FusedCalibration] = {}

    def __init__(self) -> None:
        self.shown: list[Mapping[str, FloatArray | None]] = []

    def score(self, inputs: Mapping[str, FloatArray | None]) -> dict[str, Answer | None]:
        self.shown.append(inputs)
        return {}


def stream_of(seconds: float, hop_s: float = 1.0) -> list[Window]:
    url = parse_source("synthetic:?rhythm=sinus&seed=3")
    assert isinstance(url, SyntheticUrl)
    stream = open_stream(url)
    intake, start = Intake(replace(SETTINGS, hop_s=hop_s)), 0
    found: list[Window] = []
    while start < seconds * 250 and (block := stream.take(250)) is not None:
        received = SampleBlock(start, block.counts, block.valid, start / 250)
        start += int(block.counts.shape[1])
        for event in intake.receive(SamplesReceived(received, stream.device)):
            if isinstance(event, WindowReady):
                found.append(event.window)
    return found


def follow(windows: list[Window], scorer: Watcher | NoModels) -> list[ModelMemory]:
    analysis = Analysis(SETTINGS, EnsembleSettings(), scorer, lambda: 0.0)
    history, found = History(), []
    for window in windows:
        assessed = analysis.assess(window, history)
        history = assessed.history
        analysis.score(assessed)
        found.append(history.models)
    return found


def test_the_strip_is_seen_as_soon_as_it_is_long_enough() -> None:
    watcher = Watcher()
    follow(stream_of(10.0), watcher)

    assert watcher.shown[0]["cnn"] is not None
    assert [each["lstm"] is not None for each in watcher.shown] == [False] * 3 + [True] * 3
    assert all(each["rnn"] is None for each in watcher.shown)


def test_the_course_is_seen_after_two_minutes() -> None:
    watcher = Watcher()
    follow(stream_of(135.0, hop_s=5.0), watcher)

    rnn = [each["rnn"] is not None for each in watcher.shown]
    assert 21 <= rnn.index(True) <= 24 and all(rnn[rnn.index(True) :])
    lstm, course = watcher.shown[-1]["lstm"], watcher.shown[-1]["rnn"]
    assert lstm is not None and course is not None
    assert lstm.shape[0] == FRAMES and course.shape[0] == ROWS
    assert np.isfinite(lstm).all() and np.isfinite(course).all()


def test_without_networks_nothing_is_kept() -> None:
    memory = follow(stream_of(8.0), NoModels("none"))[-1]

    assert memory.pair_mv is None and memory.strip is None and memory.rows == ()


def test_the_same_windows_give_the_same_inputs() -> None:
    windows = stream_of(9.0)
    once, again = follow(windows, Watcher())[-1], follow(windows, Watcher())[-1]

    for name, seen in model_inputs(once).items():
        other = model_inputs(again)[name]
        assert (seen is None) == (other is None)
        if seen is not None and other is not None:
            np.testing.assert_array_equal(seen, other)


def test_a_dropped_window_changes_little() -> None:
    windows = stream_of(11.0)
    kept = [window for k, window in enumerate(windows) if k not in (2, 3)]
    whole, thinned = follow(windows, Watcher())[-1], follow(kept, Watcher())[-1]

    assert whole.strip is not None and thinned.strip is not None
    assert whole.strip.end == thinned.strip.end
    assert np.abs(whole.strip.pair_mv - thinned.strip.pair_mv).max() < 0.1


def test_an_unheard_stretch_begins_the_strip_anew() -> None:
    windows = stream_of(16.0)

    torn = follow([*windows[:3], *windows[-2:]], Watcher())[-1]

    assert torn.strip is not None and torn.strip.pair_mv.shape[1] < STRIP_S * 50
    assert model_inputs(torn)["lstm"] is None


def test_another_origin_begins_anew() -> None:
    windows = stream_of(12.0)
    turned = [*windows[:6], *(replace(window, origin=1) for window in windows[6:])]

    memory = follow(turned, Watcher())[-1]

    assert memory.strip is not None and memory.strip.pair_mv.shape[1] < 400
    assert len(memory.rows) == 1
