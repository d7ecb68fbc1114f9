"""Confounders and the stage, as analysing, status and the live page tell them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rich.console import Console
from sample_daemon import sample_assessment

from ecgd.cli.analysis_lines import assessment_line
from ecgd.cli.analysis_report import Report
from ecgd.cli.live_page import _st
from ecgd.cli.status_page import st_text
from ecgd.model.assessment import Assessment
from ecgd.model.finding import Confounder, ConfounderKind, LeadSt, RiskLevel, StFinding, StRule
from ecgd.web.json_shape import assessment_shape

BLOCK = Confounder(ConfounderKind.LBBB, "QRS 152 ms", "AHA/ACCF/HRS 2009")
ST = StFinding(
    (LeadSt("III", True, level_mv=0.15),),
    RiskLevel.NORMAL,
    rule=StRule.SGARBOSSA,
    confounders=(BLOCK,),
    stage="inferior: hyperacute",
)


def blocked() -> Assessment:
    return replace(sample_assessment(), st=ST, risk_level=ST.risk_level)


def shape() -> Any:
    return assessment_shape(blocked(), 1.0)


def test_the_line_has_rule_confounders_and_stage() -> None:
    line = assessment_line("r", blocked())
    assert line["st_rule"] == "modified Sgarbossa"
    assert line["confounders"] == [
        {
            "kind": "left bundle-branch block",
            "evidence": "QRS 152 ms",
            "source": "AHA/ACCF/HRS 2009",
        }
    ]
    assert line["stage"] == "inferior: hyperacute"
    unjudged = assessment_line("r", replace(blocked(), st=None))
    assert (unjudged["st_rule"], unjudged["confounders"]) == (None, [])


def test_the_page_counts_windows() -> None:
    report = Report()
    for assessment in (blocked(), blocked(), sample_assessment()):
        report.take(assessment)
    console = Console(width=100)
    with console.capture() as seen:
        console.print(report.page("r", verdict=None, territory=None, windows=3, judged_windows=3))
    assert "left bundle-branch block (2 of 3 windows)" in " ".join(
        seen.get().replace("\xa0", " ").split()
    )


def test_status_and_live_page_name_it() -> None:
    words = st_text(shape()).plain
    assert "left bundle-branch block: QRS 152 ms" in words
    assert "inferior: hyperacute" in words
    assert any("left bundle-branch block" in said for said, _ in _st(shape(), "bold"))
