"""ST episodes: begin, extremum and end, against the baseline or the minutes before."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

import pytest
from st_vectors import leads_of

from ecgd.decision.st_episode import LEARNED_S, LOST_S, watch_episodes
from ecgd.model.finding import LeadSt
from ecgd.model.st_episode import EpisodeEnd, StEpisode, StReference, StWatch

Course = Callable[[float], float]


def inferior(size_mv: float) -> dict[str, float]:
    """ST of an injury vector that points to lead II."""
    return {
        "I": 0.5 * size_mv,
        "II": size_mv,
        "III": 0.5 * size_mv,
        "aVL": 0.0,
        "aVF": 0.75 * size_mv,
        "aVR": -0.75 * size_mv,
    }


def run(
    course: Course, until_s: float, watch: StWatch | None = None, from_s: float = 0.0
) -> tuple[StWatch, list[StEpisode]]:
    """Follow lead II's level, a window a second; NaN: not measured."""
    watch, now_s = watch or StWatch(), from_s
    told: list[StEpisode] = []
    while now_s < until_s:
        level_mv = course(now_s)
        leads = () if isnan(level_mv) else leads_of(inferior(level_mv))
        watch, episodes = watch_episodes(watch, leads, now_s)
        told += episodes
        now_s += 1.0
    return watch, told


def pulse(size_mv: float, from_s: float, to_s: float) -> Course:
    return lambda now_s: size_mv if from_s <= now_s < to_s else 0.02


def only(told: list[StEpisode], group: str = "inferior") -> list[StEpisode]:
    return [each for each in told if each.group == group]


def test_an_episode_is_told_when_confirmed_and_when_it_ends() -> None:
    began, ended = only(run(pulse(0.25, 200, 300), 400)[1])
    assert (began.start_s, began.confirmed_s, began.end) == (200.0, 230.0, None)
    assert (ended.start_s, ended.end_s, ended.end) == (200.0, 300.0, EpisodeEnd.BACK)
    assert ended.change_mv == pytest.approx(0.75 * 0.23, abs=0.002)
    assert ended.leads == ("II", "III", "aVF")
    assert (ended.direction, ended.reference) == ("elevation", StReference.BEFORE)
    assert dict(ended.st_mv)["II"] == pytest.approx(0.25)


def test_a_depression_is_one_too() -> None:
    began, ended = only(run(pulse(-0.25, 200, 300), 400)[1])
    assert began.direction == ended.direction == "depression"
    assert ended.change_mv < -0.1


@pytest.mark.parametrize(
    ("size_mv", "lasts_s", "found"),
    [(0.16, 31, True), (0.16, 29, False), (0.146, 100, False), (0.155, 100, True)],
)
def test_the_least_size_and_length(size_mv: float, lasts_s: float, found: bool) -> None:
    # Two leads decide: aVF, the second, changes by three quarters of what lead II does.
    told = only(run(pulse(size_mv, 200, 200 + lasts_s), 400)[1])
    assert bool(told) is found


def test_a_ramp_begins_and_ends_where_it_crosses_half_a_tenth() -> None:
    def ramp(now_s: float) -> float:
        return min(0.4, max(0.0, 0.004 * (min(now_s, 600.0 - now_s) - 200.0)))

    ended = only(run(ramp, 500)[1])[-1]
    assert ended.start_s == pytest.approx(200 + 0.05 / 0.75 / 0.004, abs=3)
    assert ended.end_s == pytest.approx(400 - 0.05 / 0.75 / 0.004, abs=3)
    assert ended.extremum_s == pytest.approx(300, abs=2)


def test_a_dip_of_less_than_half_a_minute_divides_nothing() -> None:
    def dipping(now_s: float) -> float:
        return 0.25 if 200 <= now_s < 240 or 260 <= now_s < 300 else 0.0

    began, ended = only(run(dipping, 400)[1])
    assert (began.start_s, ended.start_s, ended.end_s) == (200.0, 200.0, 300.0)


def test_the_own_baseline_counts_before_the_minutes_before() -> None:
    watch = StWatch()
    told: list[StEpisode] = []
    for second in range(60):
        usual = [
            LeadSt(st.lead, True, st.level_mv, 0.01, change_mv=0.2)
            for st in leads_of(inferior(0.3))
        ]
        watch, episodes = watch_episodes(watch, usual, float(second))
        told += episodes
    (began,) = only(told)
    assert (began.start_s, began.reference) == (0.0, StReference.BASELINE)


def test_nothing_is_told_before_the_usual_level_is_known() -> None:
    assert run(pulse(0.3, LEARNED_S - 10, 300), LEARNED_S + 30)[1] == []


def test_a_level_that_is_always_there_is_no_episode() -> None:
    assert run(lambda now_s: 0.3, 600)[1] == []


@pytest.mark.parametrize(("hole_s", "found"), [(15, True), (25, False)])
def test_a_short_hole_in_the_measurements_breaks_nothing(hole_s: int, found: bool) -> None:
    def holed(now_s: float) -> float:
        return float("nan") if 210 <= now_s < 210 + hole_s else pulse(0.3, 200, 238)(now_s)

    assert bool(only(run(holed, 400)[1])) is found


def test_st_that_is_not_measured_any_more_ends_it_where_it_was_seen_last() -> None:
    def lost(now_s: float) -> float:
        return float("nan") if now_s >= 260 else pulse(0.3, 200, 999)(now_s)

    ended = only(run(lost, 260 + LOST_S + 10)[1])[-1]
    assert (ended.end_s, ended.end) == (259.0, EpisodeEnd.UNSEEN)


def test_an_uncertain_level_says_nothing() -> None:
    watch, _ = run(lambda now_s: 0.0, 200)
    told: list[StEpisode] = []
    for second in range(200, 260):
        leads = [
            LeadSt(st.lead, True, st.level_mv, uncertainty_mv=0.2) for st in leads_of(inferior(0.4))
        ]
        watch, episodes = watch_episodes(watch, leads, float(second))
        told += episodes
    assert told == []


def test_the_other_way_is_another_episode() -> None:
    def turning(now_s: float) -> float:
        return 0.0 if now_s < 200 else 0.3 if now_s < 250 else -0.3

    told = only(run(turning, 330)[1])
    assert [(each.direction, each.start_s, each.end_s) for each in told] == [
        ("elevation", 200.0, None),
        ("elevation", 200.0, 250.0),
        ("depression", 250.0, None),
    ]


def test_a_single_lead_is_followed_by_itself() -> None:
    watch = StWatch()
    told: list[StEpisode] = []
    for second in range(300):
        level_mv = 0.15 if second >= 200 else 0.0
        watch, episodes = watch_episodes(watch, (LeadSt("V5", True, level_mv),), float(second))
        told += episodes
    assert [each.group for each in told] == ["V5"]


def test_it_goes_on_under_another_sample_count() -> None:
    watch, told = run(pulse(0.3, 200, 999), 220)
    after = watch.moved(-220.0)
    again = run(pulse(0.3, -20, 60), 120, after, from_s=0.0)[1]
    began, ended = only(told + again)
    assert (began.start_s, began.confirmed_s, ended.end_s) == (-20.0, 10.0, 60.0)
