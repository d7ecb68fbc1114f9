"""Whether ST has changed: the ST vector of the last beats against what is usual for the patient.

Levels of single beats come in, at the pace of the windows. Their median over some seconds is
compared with a reference that is learned from quiet signal: after 20 s for a first comparison, firm
after 5 min. A change counts by its size and by the patient's own variation, and once it has lasted.
An ischaemia must not become what is usual: a level teaches nothing until it has stayed quiet
afterwards for a while, and while ST is near a change nothing is learned at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import hypot, inf, sqrt
from statistics import median
from typing import Final, NamedTuple

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.hold_off import LASTING_SHARE, STALE_S, Judgement, lasting_s
from ecgd.decision.swap import turn, turned
from ecgd.model.finding import RiskLevel, StFinding
from ecgd.model.st_change import StChange, StReference, StVector

SPAN_S: Final = 16.0
"""Beats that make a level: some breaths, so that breathing cancels."""

LEAST_BEATS: Final = 4
MOST_BEATS: Final = 60

FIRST_S: Final = 20.0
"""Signal from which a first reference is made."""

LASTS_S: Final = 30.0
"""A change counts once it has lasted so long."""

LEAST_SHARE: Final = 0.2
"""Least size of a change that counts, as a share of ``st_change_mv``: the vector of six leads is
steadier than a single lead."""

USUAL_TIMES: Final = 2.0
"""Beyond that, what varies without cause counts with so many standard deviations."""

TURN_SHARE: Final = 0.05
"""How far breath and posture move a vector that is large, as a share of its size: a turn by 3°."""

PRIOR_DRIFT_MV: Final = 0.006
PRIOR_S: Final = 180.0
"""How much ST drifts before the patient's own drift is known, and for how much signal that
counts."""

OUTLIER_TIMES: Final = 3.0
MOST_DRIFT_MV: Final = 0.02
"""A level further off than so many times the drift counts as that far, and no drift is called
usual beyond this: a change that stays must not raise its own threshold."""

YOUNG_S: Final = 60.0
"""A reference that was learned from so little drifts away as much again."""

ERROR_S: Final = 30.0
"""The usual error of a level is that of about so many seconds."""

QUIET_SHARE: Final = 0.5
"""A level teaches while it is nearer to the reference than this share of the threshold."""

LESSON_S: Final = 5.0
PROBATION_S: Final = 45.0
"""A level is noted every so often, and teaches when what followed was quiet for so long."""

ADAPT_S: Final = 4 * 3600.0
MOST_MV_PER_H: Final = 0.02
"""A firm reference follows over hours, and no faster than this."""


POSTURE_LOOKS: Final = 5
"""So many looks in a row must agree on another posture."""


COURSE_S: Final = 3.0
LAG_S: Final = (240.0, 90.0)
LAG_LEVELS: Final = 7
STEP_LEVELS: Final = 2
STEP_S: Final = 12.0
STEP_SHARE: Final = 0.5
FAR_TIMES: Final = 2.0
"""An occlusion changes ST within a minute or two; a drift takes many, a posture, a pulled electrode
or another way of conduction a moment. So a change has to be one against the minutes before as well,
and not half of it come within two levels of the course, unless a hole of more than ``STEP_S`` lies
between them; or it is so many times larger than its threshold."""


class StBeat(NamedTuple):
    """ST of one beat, J+40 ms, as a vector in the frontal plane."""

    time_s: float
    x_mv: float
    y_mv: float


class StLevel(NamedTuple):
    """The median of the last beats, and its standard error along one axis."""

    vector: StVector
    error_mv: float


@dataclass(frozen=True, slots=True)
class ChangeWatch:
    """What one moment leaves for the next.

    ``beats`` are those of the last seconds, ``lessons`` levels on probation, ``said`` whether each
    moment was beyond the threshold. ``reference`` None: not yet known, ``lessons`` gather for it.
    ``error_mv`` is the usual standard error of a level. ``time_s`` is the last moment that had a
    level, ``course`` holds levels of the last minutes. ``elsewhere`` are the references of other
    postures, ``turns`` what the last windows said about the posture.
    """

    beats: tuple[StBeat, ...] = ()
    lessons: tuple[StBeat, ...] = ()
    said: tuple[Judgement, ...] = ()
    reference: StReference | None = None
    error_mv: float | None = None
    time_s: float = -inf
    change: StChange | None = None
    course: tuple[StBeat, ...] = ()
    elsewhere: tuple[StReference, ...] = ()
    turns: tuple[int, ...] = ()

    def anew(self) -> ChangeWatch:
        """Return what is known of ST without the time in which it was seen."""
        return ChangeWatch(reference=self.reference, elsewhere=self.elsewhere)

    @property
    def firm(self) -> tuple[StReference, ...]:
        """What is usual in each posture that is known well."""
        known = self.elsewhere if self.reference is None else (self.reference, *self.elsewhere)
        return tuple(each for each in known if each.is_firm)


def watch_change(
    before: ChangeWatch,
    beats: Iterable[StBeat],
    time_s: float,
    settings: AnalysisSettings,
    *,
    may_learn: bool = True,
) -> ChangeWatch:
    """Return the watch after the ``beats`` that were new up to ``time_s``.

    ``may_learn`` False: something else speaks against learning, such as absolute criteria.
    """
    watch = replace(before, beats=recent_beats(before, beats, time_s), change=None)
    level = level_of(watch.beats)
    if level is None:
        return watch
    watch = replace(watch, course=_continued(watch.course, level, time_s))
    if watch.reference is None:
        return _begin(watch, level, time_s, may_learn=may_learn)
    return _compare(
        watch, level, time_s, settings, was_told=before.change is not None, may_learn=may_learn
    )


def recent_beats(before: ChangeWatch, beats: Iterable[StBeat], time_s: float) -> tuple[StBeat, ...]:
    """Return the beats that make the level at ``time_s``."""
    kept = [*(b for b in before.beats if time_s - SPAN_S < b.time_s <= time_s), *beats]
    return tuple(kept[-MOST_BEATS:])


def level_of(beats: Sequence[StBeat]) -> StLevel | None:
    """Return the median of beats; None with too few of them."""
    if len(beats) < LEAST_BEATS:
        return None
    x_mv, y_mv = median([b.x_mv for b in beats]), median([b.y_mv for b in beats])
    away_mv = median([hypot(b.x_mv - x_mv, b.y_mv - y_mv) for b in beats])
    # Of two normal deviates the median distance is 1.177 sigma; a median errs by 1.253 sigma/√n.
    return StLevel(StVector(x_mv, y_mv), 1.253 / 1.177 * away_mv / sqrt(len(beats)))


def _smoothed(usual_mv: float | None, error_mv: float) -> float:
    return error_mv if usual_mv is None else usual_mv + (error_mv - usual_mv) / ERROR_S


def _begin(watch: ChangeWatch, level: StLevel, time_s: float, *, may_learn: bool) -> ChangeWatch:
    """Gather levels for a first reference: the median of them."""
    if not may_learn or time_s - watch.time_s > STALE_S:
        watch = replace(watch, lessons=())
    watch = replace(watch, time_s=time_s)
    if not may_learn:
        return watch
    lessons = (*watch.lessons, StBeat(time_s, level.vector.x_mv, level.vector.y_mv))
    # The first level looks back over a span of its own.
    if time_s - lessons[0].time_s + SPAN_S / 2 < FIRST_S:
        return replace(watch, lessons=lessons)
    middle = StVector(median([b.x_mv for b in lessons]), median([b.y_mv for b in lessons]))
    # A reference that was learned from restless signal is as uncertain as that was.
    drift_mv = min(MOST_DRIFT_MV, hypot(PRIOR_DRIFT_MV, level.error_mv))
    reference = StReference(middle, drift_mv, FIRST_S)
    return replace(watch, lessons=(), reference=reference, error_mv=level.error_mv)


def _compare(
    watch: ChangeWatch,
    level: StLevel,
    time_s: float,
    settings: AnalysisSettings,
    *,
    was_told: bool,
    may_learn: bool,
) -> ChangeWatch:
    assert watch.reference is not None
    reference = watch.reference
    before_s, error_mv = watch.time_s, _smoothed(watch.error_mv, level.error_mv)
    watch = replace(watch, time_s=time_s, error_mv=error_mv)
    usual_mv = _usual_mv(reference, max(level.error_mv, error_mv))
    threshold_mv = hypot(LEAST_SHARE * settings.st_change_mv, USUAL_TIMES * usual_mv)
    way = level.vector.minus(reference.level)
    said = tuple(s for s in watch.said if s.time_s > time_s - 2 * LASTS_S)
    is_beyond = way.size_mv >= threshold_mv and (
        was_told
        or way.size_mv >= FAR_TIMES * threshold_mv
        or (
            not _came_at_once(watch.course, way)
            and _has_come_lately(watch.course, level.vector, time_s, threshold_mv)
        )
    )
    said = (*said, Judgement(time_s, int(is_beyond)))
    lasted_s = lasting_s(said, lambda judgement: judgement.severity > 0, LASTING_SHARE)
    if lasted_s is not None and lasted_s >= LASTS_S - 1e-6:
        change = StChange(way, usual_mv, threshold_mv, lasted_s, reference.is_firm)
        watch = replace(watch, change=change)
    watch = replace(watch, said=said)
    if not may_learn:
        return replace(watch, lessons=())
    if reference.is_firm or way.size_mv >= QUIET_SHARE * threshold_mv:
        followed = _followed(reference, level.vector, min(LESSON_S, time_s - before_s))
        return replace(watch, lessons=(), reference=followed)
    return _learn(watch, reference, level, time_s)


def _continued(course: tuple[StBeat, ...], level: StLevel, time_s: float) -> tuple[StBeat, ...]:
    """Return the course with a level more, if it is time for one."""
    if course and time_s - course[-1].time_s < COURSE_S:
        return course
    fresh = tuple(each for each in course if each.time_s > time_s - LAG_S[0])
    return (*fresh, StBeat(time_s, level.vector.x_mv, level.vector.y_mv))


def _came_at_once(course: Sequence[StBeat], way: StVector) -> bool:
    """Tell whether half of a change came within two levels of the course."""
    least = STEP_SHARE * way.size_mv**2
    return any(
        (now.x_mv - before.x_mv) * way.x_mv + (now.y_mv - before.y_mv) * way.y_mv > least
        for before, now in zip(course, course[STEP_LEVELS:], strict=False)
        if now.time_s - before.time_s <= STEP_S
    )


def _has_come_lately(
    course: tuple[StBeat, ...], now: StVector, time_s: float, threshold_mv: float
) -> bool:
    """Tell whether ST differs as much from the minutes before; True where they are not known."""
    past = [each for each in course if time_s - LAG_S[0] <= each.time_s <= time_s - LAG_S[1]]
    if len(past) < LAG_LEVELS:
        return True
    middle = StVector(median([b.x_mv for b in past]), median([b.y_mv for b in past]))
    return now.minus(middle).size_mv >= threshold_mv


def _usual_mv(reference: StReference, error_mv: float) -> float:
    """Return what a level differs from its reference by without cause: one standard deviation.

    The level's own error and drift, those of the reference, which many levels have made, and a
    turn of the heart.
    """
    drift = reference.drift_mv**2 * (1.0 + YOUNG_S / reference.learned_s)
    error = error_mv**2 * (1.0 + min(1.0, SPAN_S / reference.learned_s))
    return sqrt(drift + error + (TURN_SHARE * reference.level.size_mv) ** 2)


def _learn(
    watch: ChangeWatch, reference: StReference, level: StLevel, time_s: float
) -> ChangeWatch:
    """Note a level, and learn from those whose probation is over."""
    lessons = watch.lessons
    if not lessons or time_s - lessons[-1].time_s >= LESSON_S:
        lessons = (*lessons, StBeat(time_s, level.vector.x_mv, level.vector.y_mv))
    while lessons and lessons[0].time_s <= time_s - PROBATION_S:
        reference = _taught(reference, StVector(lessons[0].x_mv, lessons[0].y_mv))
        lessons = lessons[1:]
    return replace(watch, lessons=lessons, reference=reference)


def _taught(reference: StReference, seen: StVector) -> StReference:
    """Return a young reference after one lesson: the mean of all."""
    learned_s = reference.learned_s + LESSON_S
    return replace(
        reference,
        level=reference.level.toward(seen, LESSON_S / learned_s, inf),
        drift_mv=_drift_mv(reference, seen, LESSON_S),
        learned_s=learned_s,
    )


def _followed(reference: StReference, seen: StVector, passed_s: float) -> StReference:
    """Return a reference that follows over hours: a firm one, or a young one in doubt."""
    most_mv = MOST_MV_PER_H * passed_s / 3600.0
    level = reference.level.toward(seen, passed_s / ADAPT_S, most_mv)
    if not reference.is_firm:
        return replace(reference, level=level)
    drift_mv = _drift_mv(reference, seen, passed_s)
    return replace(
        reference, level=level, drift_mv=drift_mv, learned_s=reference.learned_s + passed_s
    )


def _drift_mv(reference: StReference, seen: StVector, passed_s: float) -> float:
    """Return the drift after one more level, of which an outlier counts for little."""
    known_s = PRIOR_S + min(reference.learned_s, ADAPT_S)
    away_mv = min(seen.minus(reference.level).size_mv, OUTLIER_TIMES * reference.drift_mv)
    variance = reference.drift_mv**2
    variance += (away_mv**2 / 2.0 - variance) * passed_s / (known_s + passed_s)
    return min(MOST_DRIFT_MV, sqrt(variance))


def in_posture(watch: ChangeWatch, turn_deg: int) -> ChangeWatch:
    """Return the watch with the reference of the posture that the last looks agree on.

    A posture that is not known begins with the known one's vector, turned as the QRS is; what
    that leaves out counts as drift.
    """
    turns = (*watch.turns, turn_deg)[-POSTURE_LOOKS:]
    watch = replace(watch, turns=turns)
    here = watch.reference
    settled = turns == (turn_deg,) * POSTURE_LOOKS
    if here is None or not settled or turn_deg == here.turn_deg:
        return watch
    there = next((each for each in watch.elsewhere if each.turn_deg == turn_deg), None)
    others = tuple(each for each in watch.elsewhere if each is not there)
    return replace(
        watch,
        reference=there or _turned(here, turn_deg),
        elsewhere=(*others, here),
        lessons=(),
        said=(),
    )


def _turned(known: StReference, turn_deg: int) -> StReference:
    vector = turned(known.level.pair_mv, turn(turn_deg - known.turn_deg))
    return StReference(StVector.of_leads(*vector), MOST_DRIFT_MV, FIRST_S, turn_deg)


def with_st_change(st: StFinding | None, change: StChange | None) -> StFinding | None:
    """Return the verdict with what a lasting change adds: MODERATE_RISK at least, and evidence."""
    if st is None or change is None:
        return st
    graver = st.risk_level in (RiskLevel.NORMAL, RiskLevel.LOW_RISK)
    risk = RiskLevel.MODERATE_RISK if graver else st.risk_level
    return replace(st, risk_level=risk, evidence=(*st.evidence, change_words(change)))


def is_change_alone(st: StFinding) -> bool:
    """Tell whether a change of ST is all there is: no lead is elevated or depressed."""
    return st.risk_level is RiskLevel.MODERATE_RISK and not (st.elevated or st.depressed)


def change_words(change: StChange) -> str:
    """Say a change in figures."""
    leads = ", ".join(f"{lead} {mv:+.2f}" for lead, mv in change.vector.leads_mv)
    against = "the patient's own baseline" if change.is_firm else "the minutes before"
    return (
        f"ST has changed by {change.vector.size_mv:.2f} mV toward {change.vector.axis_deg:+.0f}° "
        f"from {against}, for {change.lasted_s:.0f} s ({leads} mV; "
        f"usual variation ±{change.usual_mv:.3f} mV)"
    )
