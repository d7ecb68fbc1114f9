"""What the usual beat of a window says beside its ST, in the light of what was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.bundle_branch import find_wide_qrs, is_new_left_block
from ecgd.decision.evolution import follow, stage_of
from ecgd.decision.st_rules import judge_st
from ecgd.decision.t_waves import newly_inverted_t
from ecgd.features.morphology import measure_morphology
from ecgd.model.baseline import Baseline, MedianBeat
from ecgd.model.evolution import Evolution
from ecgd.model.finding import LeadSt, StFinding
from ecgd.model.morphology import Morphology
from ecgd.model.signal import Window
from ecgd.pipeline.history import History

SHAPES_S: Final = 15.0
"""The width of the QRS is the median over the windows of so long, as long as beats count for ST: a
block at the limit must not come and go with every window."""


@dataclass(frozen=True, slots=True)
class BeatSigns:
    """The beat's shape, what of it is new against the own baseline, and the hours before."""

    shape: Morphology | None = None
    new_lbbb: bool = False
    newly_inverted_t: tuple[str, ...] = ()
    evolution: Evolution = field(default_factory=Evolution)


def watch_signs(
    history: History, window: Window, beat: MedianBeat | None, leads_st: tuple[LeadSt, ...]
) -> tuple[History, BeatSigns]:
    """Return the history after one window, and what its usual beat shows.

    A window without one shows what the last one did.
    """
    course, now_s = history.evolution, window.time_s
    shapes = tuple(each for each in history.shapes if now_s - SHAPES_S < each[0] < now_s)
    seen = None if beat is None else measure_morphology(beat)
    if seen is not None:
        shapes = (*shapes, (now_s, seen))
        course = follow(course, now_s, leads_st, seen)
    shape = _steadied([each for _, each in shapes])
    signs = replace(read_signs(shape, beat, history.baseline), evolution=course)
    return replace(history, evolution=course, shapes=shapes), signs


def _steadied(shapes: Sequence[Morphology]) -> Morphology | None:
    if not shapes:
        return None
    return replace(shapes[-1], qrs_s=median(shape.qrs_s for shape in shapes))


def read_signs(
    shape: Morphology | None, beat: MedianBeat | None, baseline: Baseline | None
) -> BeatSigns:
    """Return what a beat shows by itself, and what is new in it where there is a baseline."""
    if shape is None:
        return BeatSigns()
    if beat is None or baseline is None or not baseline.is_complete:
        return BeatSigns(shape)
    return BeatSigns(
        shape,
        is_new_left_block(find_wide_qrs(shape), baseline.beat),
        newly_inverted_t(shape, beat.t_span, baseline.beat),
    )


def judge_with_signs(
    leads_st: tuple[LeadSt, ...], signs: BeatSigns, settings: AnalysisSettings
) -> StFinding | None:
    """Return the verdict on ST, with the stage of an infarction where the hours before show it."""
    st = judge_st(
        leads_st,
        settings,
        new_lbbb=signs.new_lbbb,
        newly_inverted_t=signs.newly_inverted_t,
        shape=signs.shape,
    )
    stage = "" if st is None else stage_of(signs.evolution, st.territory)
    if st is None or not stage:
        return st
    return replace(st, stage=stage, evidence=(*st.evidence, f"stage: {stage}"))
