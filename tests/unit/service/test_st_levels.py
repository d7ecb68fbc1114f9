"""The ST decision over tables of levels, from the table to what ecgctl prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ecgd.cli.main import cli
from ecgd.config.settings import AnalysisSettings
from ecgd.model.finding import RiskLevel
from ecgd.service.st_levels import StVerdict, judge_table
from ecgd.sources.st_levels_file import StLevelsTable

SETTINGS = AnalysisSettings()
Vector = tuple[float, float]


def table_of(
    usual: Vector,
    change: Vector = (0.0, 0.0),
    *,
    begin_s: float = 60.0,
    rise_s: float = 40.0,
    seconds: float = 240.0,
    noise_mv: float = 0.008,
) -> StLevelsTable:
    """Levels of leads I and II that change from ``begin_s`` on."""
    chance = np.random.default_rng(3)
    times = np.arange(0.5, seconds, 0.85)
    rise = np.clip((times - begin_s) / rise_s, 0.0, 1.0)[:, None]
    pairs = np.array(usual) + rise * np.array(change)
    pairs = pairs + chance.normal(0.0, noise_mv, (times.size, 2))
    return StLevelsTable(times, pairs, ("I", "II"))


def judge(usual: Vector, change: Vector = (0.0, 0.0), **course: float) -> StVerdict:
    return judge_table(table_of(usual, change, **course), SETTINGS)


def test_quiet_levels_are_normal() -> None:
    found = judge((0.02, 0.03))
    assert (found.verdict, found.change, found.changed_s) == (RiskLevel.NORMAL, None, None)
    assert found.usual is not None
    assert found.usual.pair_mv == pytest.approx((0.02, 0.03), abs=0.01)
    assert found.judged_s == pytest.approx(found.duration_s, abs=6.0)


def test_an_inferior_occlusion_is_critical_and_named() -> None:
    found = judge((0.0, 0.03), (-0.04, 0.2))
    assert found.verdict is RiskLevel.CRITICAL_STEMI
    assert found.changed_s is not None
    assert found.decided_s is not None
    assert 75.0 < found.decided_s < 110.0
    assert 90.0 < found.changed_s < 130.0
    assert found.st is not None
    assert found.st.territory is not None
    assert found.st.territory.value == "inferior"


@pytest.mark.parametrize("change", [(0.0, 0.06), (-0.06, -0.06), (0.06, 0.03)])
def test_a_change_below_the_absolute_limits_is_moderate(change: Vector) -> None:
    found = judge((0.0, 0.0), change)
    assert found.verdict is RiskLevel.MODERATE_RISK
    assert found.change is not None
    assert found.decided_s == found.changed_s


def test_what_was_there_from_the_beginning_is_no_change() -> None:
    depressed = judge((-0.03, -0.12))
    assert depressed.verdict is RiskLevel.LOW_RISK
    assert depressed.change is None
    assert depressed.st is not None
    assert "depressed from the beginning" in " ".join(depressed.st.evidence)
    one_lead = judge((-0.08, 0.05))
    assert one_lead.verdict is RiskLevel.LOW_RISK


def test_the_left_main_pattern_counts_once_it_is_new() -> None:
    standing = judge((-0.1, -0.15))
    assert standing.verdict is RiskLevel.LOW_RISK
    assert standing.change is None
    assert standing.st is not None
    assert standing.st.elevated == ("aVR",)
    assert "from the beginning" in " ".join(standing.st.evidence)
    told = judge((-0.1, -0.15), (0.0, 0.12))
    assert told.verdict is RiskLevel.MODERATE_RISK
    assert told.change is not None
    new = judge((0.0, 0.0), (-0.12, -0.18))
    assert new.verdict is RiskLevel.HIGH_MI_RISK


def test_two_elevated_leads_are_critical_even_from_the_beginning() -> None:
    found = judge((0.0, 0.2))
    assert found.verdict is RiskLevel.CRITICAL_STEMI
    assert found.decided_s is not None
    assert found.decided_s < 25.0
    assert found.usual is None


def test_a_new_depression_is_moderate() -> None:
    found = judge((0.02, 0.03), (-0.05, -0.13))
    assert found.verdict is not None
    assert found.verdict in {RiskLevel.MODERATE_RISK, RiskLevel.HIGH_MI_RISK}
    assert found.change is not None


def test_a_short_burst_or_a_hole_is_nothing() -> None:
    table = table_of((0.0, 0.0))
    burst = (table.times_s > 100) & (table.times_s < 108)
    pairs = table.pair_mv + 0.3 * burst[:, None]
    found = judge_table(StLevelsTable(table.times_s, pairs, table.leads), SETTINGS)
    assert found.verdict is RiskLevel.NORMAL
    late = np.where(table.times_s > 120, table.times_s + 1e6, table.times_s)
    found = judge_table(StLevelsTable(late, table.pair_mv, table.leads), SETTINGS)
    assert found.verdict is RiskLevel.NORMAL
    assert found.judged_s < 260.0


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_beats_cannot_be_judged(count: int) -> None:
    table = table_of((0.0, 0.3))
    few = StLevelsTable(table.times_s[:count], table.pair_mv[:count], table.leads)
    found = judge_table(few, SETTINGS)
    assert (found.verdict, found.change) == (None, None)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def write(table: StLevelsTable | str, *more: str) -> Result:
        path = tmp_path / "levels.csv"
        if isinstance(table, str):
            path.write_text(table)
        else:
            rows = zip(table.times_s.tolist(), table.pair_mv.tolist(), strict=True)
            lines = [f"{time_s:.3f},{one:.4f},{two:.4f}" for time_s, (one, two) in rows]
            path.write_text("\n".join(["time_s,I,II", *lines, ""]))
        return CliRunner().invoke(cli, ["analyze", "--st-levels", str(path), *more])

    return write


def test_the_command_tells_programs(run: Callable[..., Result]) -> None:
    result = run(table_of((0.0, 0.0), (-0.02, 0.06)), "--json")
    assert result.exit_code == 0
    line = json.loads(result.stdout)
    assert (line["type"], line["verdict"], line["changed"]) == ("st_levels", "MODERATE_RISK", True)
    assert line["changed_s"] == line["decided_s"]
    assert line["change"]["size_mv"] >= line["change"]["threshold_mv"] > 0
    assert {"II", "III", "aVF"} <= set(line["largest_change"]["leads"])
    assert line["largest_change"]["hint"] == "as in inferior injury"
    assert any("ST has changed" in each for each in line["evidence"])
    assert line["notes"] == ["III, aVL, aVF, aVR derived from the other leads"]


def test_the_command_tells_people(run: Callable[..., Result]) -> None:
    said = run(table_of((0.0, 0.0), (-0.02, 0.06))).stdout
    assert "MODERATE_RISK, decided at" in said
    assert "ST has changed, told at" in said
    quiet = run(table_of((0.0, 0.0))).stdout
    assert "NORMAL" in quiet
    assert "no lasting change of ST from the beginning" in quiet
    assert "not visible in limb leads: anterior" in quiet


def test_a_bad_table_is_an_error_and_the_others_go_on(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    good = tmp_path / "good.csv"
    good.write_text("time_s,I,II\n1,0,0\n")
    result = run("time_s,I,II\n1,x,0\n", "--json", "--st-levels", str(good))
    assert result.exit_code == 1
    error, verdict = (json.loads(line) for line in result.stdout.splitlines())
    assert "line 2" in error["what"]
    assert verdict["verdict"] == "cannot_judge"
    assert "line 2" in result.stderr


def test_it_does_not_go_with_recordings(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("time_s,I,II\n1,0,0\n", str(tmp_path))
    assert result.exit_code == 2
    assert "--st-levels goes with" in result.stderr
    assert CliRunner().invoke(cli, ["analyze"]).exit_code == 2
