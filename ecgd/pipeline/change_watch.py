"""Change of ST over the windows of one patient, and what the windows teach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.baseline import MOST_UNCERTAIN_MV
from ecgd.decision.chronic import as_confirmed
from ecgd.decision.placement import LEAST_LIKENESS
from ecgd.decision.st_change import (
    ChangeWatch,
    StBeat,
    in_posture,
    watch_change,
    with_st_change,
)
from ecgd.decision.swap import IDENTITY, loop_likeness, turn
from ecgd.model.baseline import Baseline, MedianBeat
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.finding import LeadSt, StFinding
from ecgd.model.signal import Window
from ecgd.model.st_change import StVector
from ecgd.pipeline.history import History

POSTURE_EVERY_S: Final = 3
"""A posture lasts: it is looked at now and then."""

POSTURES_DEG: Final = (0, -40, -20, 20, 40)
_TURNS: Final = tuple(turn(angle_deg) if angle_deg else IDENTITY for angle_deg in POSTURES_DEG)


def follow_change(
    history: History,
    window: Window,
    usual: MedianBeat | None,
    *,
    final: Sequence[Beat],
    leads_st: Iterable[LeadSt],
    settings: AnalysisSettings,
) -> History:
    """Return the history with the change of ST after one window.

    ``usual`` is the window's own median beat, ``final`` its newly final beats. Where leads I and
    II cannot be relied on, nothing is said and nothing learned.
    """
    watch = _with_known(history.change_watch, history.baseline)
    levels = {st.lead: st for st in leads_st if st.lead in ("I", "II")}
    is_sound = len(levels) == 2 and all(_is_steady(st) for st in levels.values())
    if not is_sound:
        return replace(history, change_watch=replace(watch, change=None, lessons=()))
    is_due = round(window.time_s) % POSTURE_EVERY_S == 0
    if is_due and usual and history.baseline is not None and history.baseline.is_complete:
        turn_deg = posture_of(usual, history.baseline.beat)
        watch = watch if turn_deg is None else in_posture(watch, turn_deg)
    beats = [beat for each in final if (beat := _beat(each, window.fs_hz)) is not None]
    watch = watch_change(watch, beats, window.time_s, settings, may_learn=history.may_learn_change)
    return replace(history, change_watch=watch)


def _with_known(watch: ChangeWatch, baseline: Baseline | None) -> ChangeWatch:
    """Return the watch with what was stored of earlier days, where it knows nothing yet."""
    if watch.reference is not None or baseline is None or not baseline.postures:
        return watch
    nearest = min(baseline.postures, key=lambda posture: abs(posture.turn_deg))
    others = tuple(each for each in baseline.postures if each is not nearest)
    return replace(watch, reference=nearest, elsewhere=others, lessons=())


def _is_steady(st: LeadSt) -> bool:
    return st.level_mv is not None and (st.uncertainty_mv or 0.0) <= MOST_UNCERTAIN_MV


def posture_of(beat: MedianBeat, usual: MedianBeat) -> int | None:
    """Return how far the heart is turned against its usual beat, in degrees; None: not alike."""
    alike = loop_likeness(beat, usual, _TURNS)
    best = max(range(len(alike)), key=lambda k: alike[k])
    return POSTURES_DEG[best] if alike[best] >= LEAST_LIKENESS else None


def _beat(beat: Beat, fs_hz: float) -> StBeat | None:
    """Return a beat's ST vector; None for a ventricular one, and where ST was not measured."""
    if beat.beat_class is BeatClass.V or "I" not in beat.leads or "II" not in beat.leads:
        return None
    one, two = beat.st[beat.leads.index("I")], beat.st[beat.leads.index("II")]
    if one is None or two is None:
        return None
    vector = StVector.of_leads(one.j40_mv, two.j40_mv)
    return StBeat(beat.r_peak / fs_hz, vector.x_mv, vector.y_mv)


def in_view_of(
    history: History, st: StFinding | None, settings: AnalysisSettings
) -> StFinding | None:
    """Return the verdict in view of a change, and of what a person has confirmed as chronic.

    A change is never confirmed: it is judged after what was.
    """
    confirmed = None if history.baseline is None else history.baseline.confirmed
    return with_st_change(as_confirmed(st, confirmed, settings), history.change_watch.change)
