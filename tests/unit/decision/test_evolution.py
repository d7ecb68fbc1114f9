"""The stage of an infarction, from a course that is played over hours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from beat_shapes import PLAIN, shape_of
from st_vectors import leads_of

from ecgd.decision.evolution import (
    ESTABLISHED,
    HYPERACUTE,
    MOST_MOMENTS,
    OLD,
    RESOLVING,
    follow,
    join,
    stage_of,
)
from ecgd.model.evolution import Evolution
from ecgd.model.finding import Territory

HOUR_S = 3600.0


def after(course: list[tuple[float, float, float, float]]) -> Evolution:
    """Play (hours, ST, T and Q of the inferior leads); a window every five minutes."""
    evolution = Evolution()
    for (begin_h, st_mv, t_mv, q_mv), end_h in zip(
        course, [each[0] for each in course[1:]] + [course[-1][0] + 0.5], strict=True
    ):
        lead = replace(PLAIN, t_mv=t_mv, q_mv=q_mv, q_s=0.04)
        shape = shape_of({"II": lead, "III": lead, "aVF": lead})
        leads = leads_of({"II": st_mv, "III": st_mv, "aVF": st_mv})
        steps = range(int((end_h - begin_h) * 12))
        for step in steps:
            evolution = follow(evolution, begin_h * HOUR_S + step * 300.0, leads, shape)
    return evolution


CALM = (0.0, 0.0, 0.2, 0.0)
RISING = (1.0, 0.2, 0.5, 0.0)
HIGH = (4.0, 0.3, 0.4, 0.2)
FALLING = (20.0, 0.12, -0.2, 0.2)
LEFT = (60.0, 0.02, 0.2, 0.2)


@pytest.mark.parametrize(
    ("course", "stage"),
    [
        ([CALM], ""),
        ([CALM, RISING], HYPERACUTE),
        ([CALM, RISING, HIGH], ESTABLISHED),
        ([CALM, RISING, HIGH, FALLING], RESOLVING),
        ([CALM, RISING, HIGH, FALLING, LEFT], OLD),
        ([CALM, RISING, (3.0, 0.0, 0.2, 0.0)], ""),
    ],
)
def test_each_stage(course: list[tuple[float, float, float, float]], stage: str) -> None:
    told = stage_of(after(course), Territory.INFERIOR)
    assert told.startswith(f"inferior: {stage}") if stage else told == ""
    assert stage_of(after(course), None) == told
    assert stage_of(after(course), Territory.HIGH_LATERAL) == ""


def test_what_began_before_the_watch_has_no_stage() -> None:
    assert stage_of(after([(0.0, 0.2, 0.5, 0.0), (1.0, 0.3, 0.6, 0.0)]), None) == ""


def test_figures_are_told() -> None:
    told = stage_of(after([CALM, RISING]), Territory.INFERIOR)
    assert "ST +0.00, at most +0.20, now +0.20 mV; T +0.20, now +0.50 mV" in told


def test_a_lead_that_is_not_measured_adds_nothing() -> None:
    evolution = after([CALM])
    leads = tuple(replace(st, level_mv=None) for st in leads_of({}))
    assert follow(evolution, 1e5, leads, shape_of()) is evolution


def test_it_stays_small_and_can_be_moved() -> None:
    evolution = Evolution()
    for minute in range(0, 6 * 24 * 60, 10):
        evolution = follow(evolution, minute * 60.0, leads_of({}), shape_of())
    assert len(evolution.moments) <= MOST_MOMENTS
    newest_s = evolution.moments[-1].time_s
    assert evolution.moved(-newest_s).moments[-1].time_s == 0.0


def test_a_course_goes_on_where_the_clock_says() -> None:
    calm, rising = after([CALM]), after([RISING])
    assert stage_of(rising, None) == ""
    joined = join(calm, rising, gone_s=4 * HOUR_S)
    assert HYPERACUTE in stage_of(joined, None)
    assert joined.until_s == rising.until_s
    assert joined.moments[-len(rising.moments) :] == rising.moments
    ended_s = calm.moments[-1].time_s - calm.until_s
    assert joined.moments[len(calm.moments) - 1].time_s == pytest.approx(
        rising.until_s - 4 * HOUR_S + ended_s
    )


@pytest.mark.parametrize("gone_s", [-1e9, 0.0, 60.0])
def test_a_clock_that_is_behind_makes_no_overlap(gone_s: float) -> None:
    joined = join(after([CALM]), after([RISING]), gone_s)
    times = [each.time_s for each in joined.moments]
    assert times == sorted(times)
    assert HYPERACUTE in stage_of(joined, None)


def test_what_is_out_of_reach_is_forgotten() -> None:
    rising = after([RISING])
    assert join(after([CALM]), rising, gone_s=4 * 86400.0) == rising
    assert join(after([CALM]), Evolution(), gone_s=0.0) == Evolution()
