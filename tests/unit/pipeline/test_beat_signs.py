"""What the usual beat shows, through the pipeline's own value of the past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgd.config.settings import AnalysisSettings
from ecgd.features.morphology import measure_morphology
from ecgd.model.baseline import BEAT_POINTS, BEAT_R_AT, LEARNED_S, Baseline, MedianBeat
from ecgd.model.device import DeviceInfo
from ecgd.model.evolution import Evolution, Moment, TerritoryCourse
from ecgd.model.finding import ConfounderKind, LeadSt, RiskLevel
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.morphology import Morphology
from ecgd.model.signal import Window
from ecgd.pipeline.beat_signs import BeatSigns, judge_with_signs, read_signs, watch_signs
from ecgd.pipeline.beat_watch import carry_over
from ecgd.pipeline.history import NO_ORIGIN, History

ONSET, END = BEAT_R_AT - 18, BEAT_R_AT + 20


def left_block(end: int = END) -> MedianBeat:
    """A broad late R in I and aVL, none in II: a left axis."""
    at = np.arange(BEAT_POINTS)
    wave = np.where(np.abs(at - BEAT_R_AT) < 17, 1 + np.cos(np.pi * (at - BEAT_R_AT) / 17), 0) / 2
    signal = np.stack((wave, 0.2 * wave))
    return MedianBeat(signal, ONSET, end, (60.0, 12.0), None, (1.0, 1.0), 0.8, 5, None, (130, 190))


def leads_of(levels_mv: dict[str, float]) -> tuple[LeadSt, ...]:
    return tuple(LeadSt(name, True, level_mv=levels_mv.get(name, 0.0)) for name in LIMB_LEADS)


def learned(beat: MedianBeat) -> Baseline:
    return Baseline(beat, (), LEARNED_S)


def signs_of(beat: MedianBeat | None, baseline: Baseline | None) -> BeatSigns:
    shape = None if beat is None else measure_morphology(beat)
    return read_signs(shape, beat, baseline)


def shape_in(signs: BeatSigns) -> Morphology:
    assert signs.shape is not None
    return signs.shape


def test_without_a_beat_nothing_is_seen() -> None:
    assert signs_of(None, learned(left_block())) == BeatSigns()
    assert signs_of(replace(left_block(), qrs_end=ONSET), None) == BeatSigns()


def test_a_block_is_new_only_against_a_narrow_and_complete_baseline() -> None:
    narrow = left_block(ONSET + 25)
    assert not signs_of(left_block(), None).new_lbbb
    assert signs_of(left_block(), learned(narrow)).new_lbbb
    assert not signs_of(left_block(), learned(left_block())).new_lbbb
    assert not signs_of(left_block(), replace(learned(narrow), learned_s=1.0)).new_lbbb


@pytest.mark.parametrize("new", [True, False])
def test_a_new_block_is_high_and_is_told_as_confounder(new: bool) -> None:
    signs = BeatSigns(shape_in(signs_of(left_block(), None)), new_lbbb=new)
    finding = judge_with_signs(leads_of({}), signs, AnalysisSettings())
    assert finding is not None
    assert finding.risk_level is (RiskLevel.HIGH_MI_RISK if new else RiskLevel.NORMAL)
    assert [each.kind for each in finding.confounders] == [ConfounderKind.LBBB]
    assert any(line.startswith("confounder, to be reviewed") for line in finding.evidence)


def test_the_stage_is_told_with_the_verdict() -> None:
    calm, high = TerritoryCourse(0.0, 0.2, 0.0), TerritoryCourse(0.2, 0.5, 0.0)
    moments = (Moment(0.0, calm, calm), Moment(900.0, high, calm))
    finding = judge_with_signs(
        leads_of({"II": 0.2, "III": 0.2, "aVF": 0.2}),
        BeatSigns(evolution=Evolution(moments)),
        AnalysisSettings(),
    )
    assert finding is not None
    assert finding.stage.startswith("inferior: hyperacute T or rising ST")
    assert f"stage: {finding.stage}" in finding.evidence


def window_ending(at_s: float) -> Window:
    signal, valid = np.zeros((2, 250)), np.ones(250, dtype=np.bool_)
    device = DeviceInfo("x", 250.0, ("I", "II"), 1000.0)
    return Window(round((at_s - 1) * 250), 250.0, ("I", "II"), signal, valid, 0.0, device)


def test_a_block_at_the_limit_does_not_come_and_go() -> None:
    history, told = History(), []
    for second, points in enumerate((31, 31, 29, 31, 29, 31), start=10):
        beat = left_block(ONSET + points)
        history, signs = watch_signs(history, window_ending(second), beat, leads_of({}))
        told.append(shape_in(signs).qrs_s >= 0.12)
    assert all(told)
    history, signs = watch_signs(history, window_ending(17), None, leads_of({}))
    assert shape_in(signs).qrs_s >= 0.12
    _, late = watch_signs(history, window_ending(40), None, leads_of({}))
    assert late.shape is None


def test_a_course_goes_on_with_the_first_window_of_another_count() -> None:
    calm = TerritoryCourse(0.0, 0.2, 0.0)
    kept = Evolution((Moment(-1200.0, calm, calm), Moment(-600.0, calm, calm)), 0.0)
    history = carry_over(window_ending(5001), History(NO_ORIGIN, evolution=kept))
    assert [each.time_s for each in history.evolution.moments] == [3800.0, 4400.0]
    assert history.evolution.until_s == 5000.0
    assert history.origin == 0
