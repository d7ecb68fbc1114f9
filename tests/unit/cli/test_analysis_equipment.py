"""Exchanged electrodes and channel faults, as analysing a recording tells them."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console
from sample_daemon import sample_assessment

from ecgd.cli.analysis_lines import assessment_line
from ecgd.cli.analysis_report import Report
from ecgd.model.finding import ChannelFinding, PlacementFinding

SWAPPED = PlacementFinding(("LA", "RA"), "LA and RA", "P points elsewhere")
FAULT = ChannelFinding(("II",), "channel II is inverted", ("II",), lasting=True)


def page(*, swapped: int, windows: int) -> str:
    report = Report()
    for number in range(windows):
        placement = SWAPPED if number < swapped else None
        report.take(replace(sample_assessment(), placement=placement))
    console = Console(width=100, record=True, file=None, quiet=True)
    with console.capture() as seen:
        console.quiet = False
        console.print(
            report.page("r", verdict=None, territory=None, windows=windows, judged_windows=0)
        )
    return " ".join(seen.get().replace("\xa0", " ").split())


def test_the_page_says_what_is_wrong_and_for_how_long() -> None:
    assert "electrodes exchanged: LA and RA (3 of 5 windows)" in page(swapped=3, windows=5)
    assert "equipment" not in page(swapped=0, windows=5)


def test_the_line_has_both_in_words() -> None:
    line = assessment_line("r", replace(sample_assessment(), placement=SWAPPED, channels=FAULT))
    assert line["placement"] == "electrodes exchanged: LA and RA"
    assert line["channels"] == "channel II is inverted"
    fine = assessment_line("r", sample_assessment())
    assert (fine["placement"], fine["channels"]) == (None, None)
