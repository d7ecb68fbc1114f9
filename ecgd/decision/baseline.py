"""A patient's own baseline: learned while nothing is wrong, and never in a hurry.

It says what is usual, so that "one lead elevated, as always" can be told from a change, and
exchanged electrodes from another heart. It silences no absolute criterion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from ecgd.decision.placement import LEAST_LIKENESS
from ecgd.decision.st_change import PRIOR_DRIFT_MV
from ecgd.decision.swap import IDENTITY, loop_likeness
from ecgd.model.baseline import LEARNED_S, Baseline, Confirmation, MedianBeat, Vector
from ecgd.model.finding import LeadSt
from ecgd.model.st_change import FIRM_S, StReference

ADAPT_S: Final = 4 * 3600.0
"""Time in which a lasting change is mostly adopted."""

MOST_MV_PER_H: Final = 0.02
"""A baseline follows no faster than this: an infarction must not become what is usual."""

MOST_UNCERTAIN_MV: Final = 0.05
"""ST that is less certain teaches nothing."""


def learn(
    baseline: Baseline | None, beat: MedianBeat, leads_st: Iterable[LeadSt], passed_s: float
) -> Baseline | None:
    """Return the baseline after ``passed_s`` more of clean signal with this usual beat.

    A beat that is not like a complete baseline teaches nothing; an incomplete one begins anew
    with it. The caller answers for the signal: clean, judged, ST normal, electrodes right.
    """
    st_mv = {
        st.lead: st.level_mv
        for st in leads_st
        if st.level_mv is not None and (st.uncertainty_mv or 0.0) <= MOST_UNCERTAIN_MV
    }
    if not st_mv:
        return baseline
    if baseline is None:
        return Baseline(beat, tuple(st_mv.items()), passed_s)
    if loop_likeness(beat, baseline.beat, (IDENTITY,))[0] < LEAST_LIKENESS:
        return baseline if baseline.is_complete else Baseline(beat, tuple(st_mv.items()), passed_s)
    return _adapt(baseline, beat, st_mv, passed_s)


def confirmed_from(beat: MedianBeat, confirmed: Confirmation) -> Baseline:
    """Return the baseline that a person makes by confirming ST as chronic: complete at once."""
    posture = StReference(confirmed.level, PRIOR_DRIFT_MV, FIRM_S)
    return Baseline(beat, confirmed.level.leads_mv, LEARNED_S, (posture,), confirmed)


def with_change(
    leads_st: tuple[LeadSt, ...], baseline: Baseline | None, posture: StReference | None = None
) -> tuple[LeadSt, ...]:
    """Return each measured lead's ST with its change against what is usual.

    That is the level in the patient's ``posture`` where it is well known, else a complete baseline.
    """
    if baseline is None or not baseline.is_complete:
        return leads_st
    usual_mv = dict(baseline.st_mv)
    if posture is not None and posture.is_firm and baseline.confirmed is None:
        usual_mv |= dict(posture.level.leads_mv)
    return tuple(
        replace(st, change_mv=st.level_mv - usual_mv[st.lead])
        if st.level_mv is not None and st.lead in usual_mv
        else st
        for st in leads_st
    )


def _adapt(
    baseline: Baseline, beat: MedianBeat, st_mv: Mapping[str, float], passed_s: float
) -> Baseline:
    learned_s = baseline.learned_s + passed_s
    if baseline.is_complete:
        share, most_mv = passed_s / ADAPT_S, MOST_MV_PER_H * passed_s / 3600.0
    else:
        share, most_mv = passed_s / learned_s, np.inf
    usual_mv = dict(baseline.st_mv)
    adapted = {
        lead: usual_mv[lead] + _step(mv - usual_mv[lead], share, most_mv)
        if lead in usual_mv
        else mv
        for lead, mv in st_mv.items()
    }
    change_mv = (beat.signal_mv - baseline.beat.signal_mv) * share
    usual = replace(
        baseline.beat,
        signal_mv=baseline.beat.signal_mv + np.minimum(np.maximum(change_mv, -most_mv), most_mv),
        p_area_uvs=_blended(baseline.beat.p_area_uvs, beat.p_area_uvs, share),
        t_area_uvs=_blended(baseline.beat.t_area_uvs, beat.t_area_uvs, share),
        beat_count=baseline.beat.beat_count + beat.beat_count,
    )
    return replace(
        baseline, beat=usual, st_mv=tuple((usual_mv | adapted).items()), learned_s=learned_s
    )


def _blended(usual: Vector | None, seen: Vector | None, share: float) -> Vector | None:
    if usual is None or seen is None:
        return usual or seen
    one, two = (old + (new - old) * share for old, new in zip(usual, seen, strict=True))
    return one, two


def _step(change_mv: float, share: float, most_mv: float) -> float:
    return min(most_mv, max(-most_mv, change_mv * share))
