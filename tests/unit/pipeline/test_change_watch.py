"""Change of ST through the whole analysis, and elevation that was confirmed as chronic."""

from __future__ import annotations

from dataclasses import replace

import pytest
from swapped_stream import SETTINGS, windows

from ecgd.config.settings import EnsembleSettings
from ecgd.decision.baseline import confirmed_from
from ecgd.decision.st_change import ChangeWatch, level_of
from ecgd.inference.scorer import NoModels
from ecgd.model.assessment import Assessment
from ecgd.model.baseline import Confirmation
from ecgd.model.finding import RiskLevel
from ecgd.model.signal import Window
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.change_watch import posture_of
from ecgd.pipeline.history import History

QUIET = "synthetic:?noise=mild&seed=4&rate=75"


def after(seen: list[Window], more: list[Window]) -> list[Window]:
    """Windows whose samples go on counting where others end."""
    start = seen[-1].end_index - more[0].start_index
    return [replace(each, start_index=each.start_index + start) for each in more]


def assess(seen: list[Window], history: History) -> tuple[list[Assessment], History]:
    judge = Analysis(SETTINGS, EnsembleSettings(), NoModels("none"), lambda: 0.0)
    found = []
    for window in seen:
        assessed = judge.assess(window, history)
        history = assessed.history
        found.append(assessed.assessment)
    return found, history


@pytest.fixture(scope="module")
def quiet() -> list[Window]:
    return windows(QUIET, 45.0)


def test_a_change_below_the_limits_is_told(quiet: list[Window]) -> None:
    calm, history = assess(quiet, History())
    assert {each.risk_level for each in calm if each.risk_level} == {RiskLevel.NORMAL}
    assert history.change_watch.reference is not None
    changed = after(quiet, windows(f"{QUIET}&st=inferior:0.085", 45.0))
    found, history = assess(changed, history)
    assert found[-1].st is not None
    assert found[-1].st.risk_level is RiskLevel.MODERATE_RISK
    assert "ST has changed by" in " ".join(found[-1].st.evidence)
    change = history.change_watch.change
    assert change is not None
    assert change.vector.axis_deg == pytest.approx(90.0, abs=45.0)
    assert history.change_watch.reference is not None
    assert history.change_watch.reference.level.size_mv < 0.06


def test_a_reset_of_the_device_keeps_what_is_usual_and_forgets_the_time(
    quiet: list[Window],
) -> None:
    _, history = assess(quiet, History())
    known = history.change_watch.reference
    _, history = assess([replace(quiet[0], origin=9)], history)
    assert history.change_watch.reference == known
    assert [each.time_s for each in history.change_watch.course] == [quiet[0].time_s]
    assert history.change_watch.lessons == ()


def test_confirmed_elevation_is_low_and_growth_is_critical() -> None:
    old = windows("synthetic:?noise=mild&seed=4&st=inferior:0.2", 30.0)
    found, history = assess(old, History())
    assert found[-1].risk_level is RiskLevel.CRITICAL_STEMI
    assert history.baseline is None
    level = level_of(history.change_watch.beats)
    assert level is not None
    assert history.usual is not None
    confirmed = Confirmation("Dr. Grey", 0.0, 1.0, level.vector, "tomorrow")
    history = replace(
        history,
        baseline=confirmed_from(history.usual, confirmed),
        change_watch=ChangeWatch(),
    )
    again = after(old, old)
    found, later = assess(again, history)
    assert found[-1].risk_level is RiskLevel.LOW_RISK
    assert later.baseline is history.baseline
    grown = after(old, windows("synthetic:?noise=mild&seed=4&st=inferior:0.35", 30.0))
    found, _ = assess(grown, history)
    assert found[-1].risk_level is RiskLevel.CRITICAL_STEMI


def test_the_usual_posture_is_no_turn(quiet: list[Window]) -> None:
    _, history = assess(quiet[:10], History())
    assert history.usual is not None
    assert posture_of(history.usual, history.usual) == 0
    upside_down = replace(history.usual, signal_mv=-history.usual.signal_mv)
    assert posture_of(upside_down, history.usual) is None
