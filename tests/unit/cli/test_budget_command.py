"""ecgctl alerts budget and stats on constructed weeks whose alarms can be counted by hand."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from store_ages import DAY_S, Ages, open_ages
from store_examples import make_alert

from ecgd.cli.main import cli
from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.model.assessment import Assessment
from ecgd.model.finding import (
    Domain,
    EventType,
    Finding,
    LeadQuality,
    LeadSt,
    Outcome,
    RhythmFinding,
    RiskLevel,
    Severity,
    StFinding,
)
from ecgd.model.rhythm import REGULAR
from ecgd.store.alarms import StoreAlert
from ecgd.store.alert_marks import MarkAlert
from ecgd.store.past_windows import PastWindowReader
from ecgd.store.results import Thinner

FS_HZ = 250.0
EVENING_S = 3600.0
STEMI = Finding(EventType.STEMI_DETECTED, Severity.CRITICAL, Domain.HEART)
KEY, HELD = "analysis.st_elevation_mv", "alarms.hold_off.stemi_s"


def assessment(second: int, inferior_mv: float) -> Assessment:
    """One window as the analysis gives it, with ST of the inferior leads at one level."""
    levels = dict.fromkeys(("II", "III", "aVF"), inferior_mv) | dict.fromkeys(("I", "aVL"), 0.0)
    leads = tuple(LeadSt(lead, True, mv, 0.01, slope_mv_per_s=0.1) for lead, mv in levels.items())
    is_up = inferior_mv >= 0.1
    risk = RiskLevel.CRITICAL_STEMI if is_up else RiskLevel.NORMAL
    return Assessment(
        start_index=round(FS_HZ * second),
        end_index=round(FS_HZ * (second + 5)),
        fs_hz=FS_HZ,
        arrived_s=float(second),
        origin=0,
        outcome=Outcome.ANOMALY if is_up else Outcome.NORMAL,
        risk_level=risk,
        rhythm=RhythmFinding(REGULAR, 70.0, fast_bpm=70.0, slow_bpm=69.0),
        quality=(LeadQuality("II", 0.9, True),),
        st=StFinding(leads, risk),
        findings=(STEMI,) if is_up else (),
    )


class Week:
    """A patient's week: some minutes of each evening, through the store's own operations."""

    def __init__(self, path: Path, patient: str = "ann") -> None:
        self.path = path
        self.patient = patient
        self.ages: Ages = open_ages(path)
        self.now_s = time.time()

    def evening(self, days_ago: int, *stretches: tuple[int, float]) -> float:
        """Store seconds at a level, in order; return when they began."""
        begun_s = self.now_s - days_ago * DAY_S + EVENING_S
        thinner, second = Thinner(5.0), 0
        for seconds, inferior_mv in stretches:
            for _ in range(seconds):
                seen = assessment(second, inferior_mv)
                for row in thinner.results(self.patient, None, seen, begun_s + second):
                    row.apply(self.ages.connection)
                second += 1
        return begun_s

    def alert(self, name: str, at_s: float, verdict: Verdict | None, **changes: Any) -> None:
        """Store an alert, and what somebody said of it."""
        alert = replace(
            make_alert(name, patient_id=self.patient), simulated=False, occurred_unix_s=at_s
        )
        StoreAlert(replace(alert, **changes), (), None).apply(self.ages.connection)
        if verdict is not None:
            MarkAlert(name, AlertMark(verdict, "Ann", at_s + 60.0)).apply(self.ages.connection)

    def ask(self, *words: str) -> dict[str, Any]:
        self.ages.connection.commit()
        command = ["alerts", *words, "--database", str(self.path), "--json"]
        done = CliRunner().invoke(cli, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        answer: dict[str, Any] = json.loads(done.output)
        return answer


@pytest.fixture
def week(tmp_path: Path) -> Iterator[Week]:
    made = Week(tmp_path / "db")
    yield made
    made.ages.connection.close()


def values(answer: dict[str, Any], key: str = KEY) -> dict[float, dict[str, Any]]:
    (setting,) = (each for each in answer["settings"] if each["key"] == key)
    return {each["value"]: each for each in setting["values"]}


def false_week(week: Week, true_mv: float) -> None:
    """Six evenings of one minute at 0.12 mV, marked false, and one at ``true_mv``, marked true."""
    begun_s = week.evening(7, (30, 0.0), (60, true_mv), (60, 0.0))
    week.alert("true-7", begun_s + 50.0, Verdict.TRUE)
    for day in range(6, 0, -1):
        begun_s = week.evening(day, (30, 0.0), (60, 0.12), (60, 0.0))
        week.alert(f"false-{day}", begun_s + 50.0, Verdict.FALSE)


def test_a_higher_threshold_spares_the_false_ones_and_keeps_the_true_one(week: Week) -> None:
    false_week(week, 0.22)
    tried = (f"{KEY}={mv}" for mv in (0.05, 0.075, 0.125, 0.15, 0.2, 0.25, 0.3))
    tries = [word for each in tried for word in ("--try", each)]
    answer = week.ask("budget", "--since", "8d", *tries)
    assert (answer["raised"], answer["replayed"]) == (7, 7)
    found = values(answer)
    counts = {value: each["alarms"] for value, each in found.items()}
    assert counts == {0.05: 7, 0.075: 7, 0.1: 7, 0.125: 1, 0.15: 1, 0.2: 1, 0.25: 0, 0.3: 0}
    assert found[0.15]["words"] == (
        "0.15 mV: 1 alarm instead of 7, no confirmed event lost, 6 of 6 false ones spared"
    )
    assert "Fourth Universal Definition" in found[0.15]["beyond_guideline"]
    assert found[0.15]["lines"] == ["[analysis] st_elevation_mv = 0.15"]


def test_a_threshold_that_loses_the_true_one_says_which(week: Week) -> None:
    false_week(week, 0.22)
    found = values(week.ask("budget", "--since", "8d", "--try", f"{KEY}=0.3"))
    assert sorted(found) == [0.1, 0.3]
    (lost,) = found[0.3]["confirmed_lost"]
    assert (lost["alert_id"], lost["reason"]) == ("true-7", "marked true")
    assert "LOSES 1 of 1 confirmed" in found[0.3]["words"]


def test_no_value_beyond_the_guideline_or_that_loses_is_suggested(week: Week) -> None:
    """Of the hold-offs 40 s spares as much as 60 s, and tells the true one sooner."""
    begun_s = week.evening(5, (60, 0.0), (300, 0.15), (120, 0.0))
    week.alert("true", begun_s + 80.0, Verdict.TRUE)
    for day in range(3, 0, -1):
        begun_s = week.evening(day, (60, 0.0), (30, 0.12), (120, 0.0))
        week.alert(f"false-{day}", begun_s + 80.0, Verdict.FALSE)
    tries = ("--try", f"{HELD}=40", "--try", f"{HELD}=60", "--try", f"{KEY}=0.125")
    answer = week.ask("budget", "--since", "8d", *tries)
    settings = {each["key"]: each for each in answer["settings"]}
    assert settings[KEY]["suggested"] is None
    hold_off = settings[HELD]
    assert hold_off["suggested"] == 40.0
    assert hold_off["lines"] == ["[alarms.hold_off] stemi_s = 40.0"]
    forty = values(answer, HELD)[40.0]
    assert (forty["alarms"], forty["later_s"], forty["false_spared"]) == (1, 20.0, 3)


def test_a_critical_alert_that_nobody_marked_counts_as_true(week: Week) -> None:
    begun_s = week.evening(2, (60, 0.0), (60, 0.12), (120, 0.0))
    week.alert("critical", begun_s + 80.0, None)
    (lost,) = values(week.ask("budget", "--try", f"{KEY}=0.15"))[0.15]["confirmed_lost"]
    assert lost["reason"] == "CRITICAL, not marked"


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_alerts_confirm_nothing(week: Week, simulated: bool) -> None:
    begun_s = week.evening(2, (60, 0.0), (60, 0.12), (120, 0.0))
    week.alert("drill", begun_s + 80.0, Verdict.TRUE, simulated=simulated)
    answer = week.ask("budget", "--try", f"{KEY}=0.15")
    assert len(values(answer)[0.15]["confirmed_lost"]) == (not simulated)
    assert any("simulated" in caveat for caveat in answer["caveats"]) is simulated


def test_a_lower_threshold_shows_alarms_that_were_not_told(week: Week) -> None:
    week.evening(2, (60, 0.0), (60, 0.08), (120, 0.0))
    found = values(week.ask("budget"))
    assert {value: each["alarms"] for value, each in found.items() if value <= 0.1} == {
        0.05: 1,
        0.075: 1,
        0.1: 0,
    }


def test_an_alert_that_no_replay_shows_leaves_the_answer_open(week: Week) -> None:
    week.evening(2, (300, 0.0))
    week.alert("gone", week.now_s - 3 * DAY_S, Verdict.TRUE)
    answer = week.ask("budget")
    assert [each["alert_id"] for each in values(answer)[0.15]["confirmed_untold"]] == ["gone"]
    assert all(each["suggested"] is None for each in answer["settings"])


def test_nothing_stored_is_said(week: Week) -> None:
    week.alert("alone", week.now_s - DAY_S, None)
    assert week.ask("budget")["caveats"] == [
        "nothing is stored of this time: there is nothing to replay"
    ]


def test_windows_of_an_earlier_version_are_counted_as_coarse(week: Week) -> None:
    week.evening(2, (60, 0.0), (60, 0.12))
    week.ages.connection.execute(
        "UPDATE analysis_results SET features = json_remove(features, '$.st_more')"
    )
    answer = week.ask("budget", "--try", f"{KEY}=0.15")
    assert answer["coarse_windows"] == answer["windows"] > 20
    assert values(answer)[0.15]["alarms"] == 0


def test_what_is_stored_comes_back_as_the_rules_need_it(week: Week) -> None:
    week.evening(1, (1, 0.12))
    ((patient, window),) = PastWindowReader(week.path).past_windows(["ann"], 0.0, week.now_s)
    assert patient == "ann"
    assert window.risk_level is RiskLevel.CRITICAL_STEMI
    second = window.leads[0]
    assert (second.lead, second.level_mv, second.uncertainty_mv) == ("II", 0.12, 0.01)
    assert (window.rhythm.fast_bpm, window.rhythm.slow_bpm) == (70.0, 69.0)
    assert window.kinds == {EventType.STEMI_DETECTED}
    assert window.detailed


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("analysis.mains_hz=60", "cannot be tried"),
        (f"{KEY}=much", "names no number"),
        (f"{KEY}=5", "goes from 0.05 to 0.5"),
        (f"{KEY}=nan", "goes from 0.05 to 0.5"),
    ],
)
def test_what_cannot_be_tried_is_refused(week: Week, wanted: str, said: str) -> None:
    command = ["alerts", "budget", "--database", str(week.path), "--try", wanted]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 2
    assert said in done.output


def test_the_page_says_it_in_words(week: Week) -> None:
    false_week(week, 0.22)
    week.ages.connection.commit()
    command = ["alerts", "budget", "--since", "8d", "--database", str(week.path)]
    done = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert "0.15 mV: 1 alarm instead of 7, no confirmed event lost" in " ".join(done.output.split())
    assert "leaves the guideline" in done.output
    silent = done.output.partition("no alarm with any value: ")[2]
    assert "alarms.hold_off.ensemble_s" in silent
    assert KEY not in silent


def test_an_alert_told_hours_later_is_lost(week: Week) -> None:
    """0.12 mV that stands all night, and 0.22 mV towards morning."""
    begun_s = week.evening(2, (60, 0.0), (3600, 0.12), (600, 0.22))
    week.alert("true", begun_s + 80.0, Verdict.TRUE)
    found = values(week.ask("budget", "--try", f"{KEY}=0.15"))[0.15]
    (lost,) = found["confirmed_lost"]
    assert (lost["alert_id"], lost["later_s"]) == ("true", 3600.0)
    assert found["confirmed_kept"] == 0


def test_stats_count_by_kind_with_limits(week: Week) -> None:
    false_week(week, 0.22)
    week.alert("drill", week.now_s - DAY_S, Verdict.TRUE, simulated=True)
    week.alert("pause", week.now_s - DAY_S, None, event_type=EventType.PAUSE)
    answer = week.ask("stats", "--since", "-9d")
    stemi, pause = answer["kinds"]
    assert [stemi[name] for name in ("raised", "true", "false", "unsure", "unmarked")] == [
        *(7, 1, 6, 0, 0)
    ]
    assert stemi["positive_predictive_value"] == pytest.approx(1 / 7)
    assert stemi["limits"] == pytest.approx([0.0257, 0.5131], abs=1e-4)
    assert (pause["unmarked"], pause["positive_predictive_value"], pause["limits"]) == (
        1,
        None,
        None,
    )
    assert (answer["simulated"], answer["all"]["raised"]) == (1, 8)


def test_stats_of_a_time_without_alerts(week: Week) -> None:
    week.ages.connection.commit()
    command = ["alerts", "stats", "--database", str(week.path)]
    assert "no alerts" in CliRunner().invoke(cli, command, catch_exceptions=False).output
