"""The synthetic heart of a trial: real packets, and an alarm only because it stops."""

from __future__ import annotations

import time

import pytest

from ecgd.config.settings import AlarmSettings, AnalysisSettings, EnsembleSettings
from ecgd.inference.scorer import NoModels
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.service.trial_heart import HeartWatch, Seen, beats_s, heart_mv, packets, windows


def watched(settings: AnalysisSettings, *, stops: bool) -> list[Seen]:
    analysis = Analysis(settings, EnsembleSettings(), NoModels("none"), time.monotonic)
    watch, history = HeartWatch(settings, AlarmSettings(), 0.0), History()
    seen = []
    for window in windows(settings, 0.0, stops=stops):
        assessed = analysis.assess(window, history)
        history = assessed.history
        seen.append(watch.watch(assessed.assessment))
    return seen


@pytest.mark.parametrize(
    "settings",
    [
        AnalysisSettings(),
        AnalysisSettings(window_s=10.0, asystole_s=10.0),
        AnalysisSettings(hop_s=5.0, asystole_s=3.0),
    ],
    ids=["usual", "longest", "rare"],
)
def test_a_heart_that_stops_raises_one_alarm_and_none_before(settings: AnalysisSettings) -> None:
    seen = watched(settings, stops=True)
    assert sum(each.raised for each in seen) == 1
    assert not seen[0].found
    assert not any(each.false_alarm for each in seen)
    first = next(number for number, each in enumerate(seen) if each.found)
    assert seen[first].raised, "asystole has no hold-off"


def test_a_heart_that_beats_raises_none() -> None:
    assert not any(each.found or each.raised for each in watched(AnalysisSettings(), stops=False))


def test_it_is_sent_as_a_device_sends() -> None:
    settings = AnalysisSettings()
    signal_mv = heart_mv(settings)
    sent = list(packets(signal_mv))
    assert signal_mv.shape[0] == 2
    assert len(sent) == 1 + -(-signal_mv.shape[1] // 25)
    found = windows(settings, 3.0)
    assert set(found[0].leads) == {"I", "II", "III", "aVR", "aVL", "aVF"}
    assert all(window.valid.all() for window in found)
    assert beats_s(settings) > settings.window_s, "one window has nothing but beats"
