"""Shape and episodes of ST, as analysing a recording tells them."""

from __future__ import annotations

from dataclasses import replace

from sample_daemon import sample_assessment

from ecgd.cli.analysis_lines import assessment_line, dump_line
from ecgd.cli.analysis_st import StAccount
from ecgd.model.assessment import Assessment
from ecgd.model.finding import Outcome, StCurve, StSlope
from ecgd.model.st_episode import EpisodeEnd, StEpisode, StReference

EPISODE = StEpisode(
    *("inferior", StReference.BEFORE, 100.0, 130.0, 150.0, 0.21, ("II", "III"), (("II", 0.22),))
)


def shaped() -> Assessment:
    assessment = sample_assessment()
    assert assessment.st is not None
    leads = tuple(
        replace(
            lead,
            level_mv=0.03 if lead.lead == "I" else lead.level_mv,
            slope=StSlope.UP,
            curve=StCurve.CONVEX if lead.lead == "III" else None,
        )
        for lead in assessment.st.leads
    )
    return replace(assessment, st=replace(assessment.st, leads=leads), st_episodes=(EPISODE,))


def test_the_line_has_shape_uncertainty_and_episodes() -> None:
    line = assessment_line("r", shaped())
    assert line["st_slope"]["II"] == "up"
    assert (line["st_curve"]["III"], line["st_curve"]["II"]) == ("convex", None)
    assert line["st_uncertainty_mv"]["II"] == 0.01
    (episode,) = line["st_episodes"]
    assert (episode["group"], episode["start_s"], episode["end"]) == ("inferior", 100.0, None)
    assert episode["st_mv"] == {"II": 0.22}
    dump_line(line)


def test_an_episode_is_told_once_as_it_ended_and_small_st_has_no_shape() -> None:
    account = StAccount()
    account.take(shaped())
    ended = replace(EPISODE, end_s=220.0, end=EpisodeEnd.BACK)
    account.take(replace(shaped(), st_episodes=(ended,)))
    shape, episode = account.lines()
    assert shape[0] == "ST shape"
    assert "III up, convex" in shape[1]
    assert "I up" not in shape[1].split("  ")
    assert "elevation in inferior, +0.21 mV against the minutes before" in episode[1]
    assert "from 100 s, for 120 s" in episode[1].replace("2 min", "120 s")


def test_a_window_that_cannot_be_judged_gives_no_shape() -> None:
    account = StAccount()
    account.take(replace(shaped(), outcome=Outcome.CANNOT_JUDGE, st_episodes=()))
    assert list(account.lines()) == []
