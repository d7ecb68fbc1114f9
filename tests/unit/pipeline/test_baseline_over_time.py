"""The own baseline over minutes of signal: what teaches it, what does not, what it changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from swapped_stream import SETTINGS, assess_all, exchange, recording, windows

from ecgd.config.settings import EnsembleSettings
from ecgd.decision.swap import Swap
from ecgd.inference.scorer import NoModels
from ecgd.model.baseline import LEARNED_S, Baseline
from ecgd.model.finding import RiskLevel
from ecgd.model.signal import Window
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History

QUIET = "synthetic:?noise=mild&seed=4&rate=75"


def baseline_after(seen: list[Window], baseline: Baseline | None = None) -> Baseline | None:
    return assess_all(seen, baseline)[-1][1].baseline


@pytest.fixture(scope="module")
def minutes() -> list[Window]:
    return windows(QUIET, LEARNED_S + 20.0)


def test_minutes_of_a_normal_heart_complete_it(minutes: list[Window]) -> None:
    found = assess_all(minutes)
    young, old = found[60], found[-1]
    assert young[1].baseline is not None
    assert not young[1].baseline.is_complete
    assert young[0].st is not None
    assert all(lead.change_mv is None for lead in young[0].st.leads)
    assert old[1].baseline is not None
    assert old[1].baseline.is_complete
    assert old[0].st is not None
    changes = [lead.change_mv for lead in old[0].st.leads]
    assert all(change is not None and abs(change) < 0.03 for change in changes)


@pytest.mark.parametrize(
    "source",
    [
        recording("inferior_stemi"),
        "synthetic:?noise=mild&seed=4&st=inferior:-0.15",
        recording("artefact"),
    ],
)
def test_what_is_not_normal_teaches_nothing(source: str) -> None:
    assert baseline_after(windows(source, 25.0)) is None


def test_exchanged_electrodes_teach_no_more_than_it_took_to_see_them() -> None:
    found = assess_all(windows(recording("normal"), 40.0, exchange(Swap.ARMS)))
    assert all(history.baseline is None for _, history in found)


def test_a_front_end_that_bends_st_teaches_nothing() -> None:
    seen = windows(QUIET, 20.0)
    bent = [replace(w, device=replace(w.device, highpass_hz=0.5)) for w in seen]
    assert baseline_after(bent) is None


def test_it_outlives_a_reset_of_the_device_and_a_hole_teaches_nothing() -> None:
    seen = windows(QUIET, 30.0)
    judge = Analysis(SETTINGS, EnsembleSettings(), NoModels("none"), lambda: 0.0)
    history = History()
    for window in seen:
        history = judge.assess(window, history).history
    assert history.baseline is not None
    before_s = history.baseline.learned_s
    assert before_s <= 30.0
    again = judge.assess(replace(seen[0], origin=1), history).history
    assert again.baseline is not None
    assert again.baseline.learned_s >= before_s
    far = replace(seen[-1], start_index=seen[-1].start_index + 10**6)
    later = judge.assess(far, history).history
    assert later.baseline is not None
    assert later.baseline.learned_s <= before_s + 10.0


def test_an_infarction_is_critical_whatever_the_baseline_says(minutes: list[Window]) -> None:
    baseline = baseline_after(minutes)
    found = assess_all(windows("synthetic:?noise=mild&seed=4&st=inferior:0.3", 20.0), baseline)
    last = found[-1][0]
    assert last.risk_level is RiskLevel.CRITICAL_STEMI
    assert last.st is not None
    assert all((lead.change_mv or 0.0) > 0.1 for lead in last.st.leads if lead.lead == "III")
