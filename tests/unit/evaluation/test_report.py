"""The page of figures says what the rows hold."""

from __future__ import annotations

from pathlib import Path

from ecgd.evaluation.beat_study import OURS, BeatRow
from ecgd.evaluation.boundary_study import KINDS, BoundaryTally
from ecgd.evaluation.figures import Figures
from ecgd.evaluation.matching import match_events
from ecgd.evaluation.noise_study import NoiseRow
from ecgd.evaluation.quality_study import QualityRow
from ecgd.evaluation.report import (
    beat_section,
    boundary_section,
    critical_section,
    noise_section,
    page,
    quality_section,
    st_section,
)
from ecgd.evaluation.scores import Counts
from ecgd.evaluation.st_study import StRow


def test_beats_are_counted_per_detector_and_the_worst_record_is_named() -> None:
    rows = [
        BeatRow("100", OURS, match_events([1.0, 2.0], [1.01, 2.01])),
        BeatRow("101", OURS, match_events([1.0, 2.0], [1.01, 3.0])),
        BeatRow("100", "other", match_events([1.0, 2.0], [1.0])),
    ]
    text = beat_section(rows)
    assert "| ecgd | 75.00 % | 75.00 % | 75.00 % | 75.00 % | +10.0 ± 0.0 |" in text
    assert "| other | 50.00 % | 100.00 % | 50.00 % | 100.00 % |" in text
    assert "101 (1 missed, 1 extra), 100 (0 missed, 0 extra)" in text


def test_noise_has_a_line_and_a_curve_for_each_kind(tmp_path: Path) -> None:
    match = match_events([1.0], [1.0])
    rows = [
        NoiseRow("em", snr_db, BeatRow("100", detector, match, 0.25))
        for snr_db in (6.0, 0.0)
        for detector in (OURS, "other")
    ]
    text = noise_section(rows, Figures(tmp_path, "images"))
    assert "| electrode motion | 6 | ecgd | 100.00 % | 100.00 % | 100.00 % | 25.00 % |" in text
    assert "| electrode motion | 0 | other | 100.00 % | 100.00 % | 100.00 % | – |" in text
    assert "](images/noise-motion.svg)" in text
    assert "other, electrode motion" in (tmp_path / "noise-motion.svg").read_text()


def test_critical_alarms_are_counted_by_kind() -> None:
    text = critical_section([({"ASYSTOLE": 2}, 0.5), ({}, 0.5)])
    assert "| ASYSTOLE | 2 | 1 | 48.0 |" in text


def test_what_experts_did_not_mark_is_no_false_wave_where_they_left_beats_out() -> None:
    tally = BoundaryTally(
        {kind: Counts(found=3, missed=1, extra=5) for kind in KINDS}, {("QRS", "onset"): [2.0, 4.0]}
    )
    assert "| QRS | 75.00 % | 37.50 % | +3.0 ± 1.0 |" in boundary_section("all", [tally])
    text = boundary_section("some", [tally], every_beat_marked=False)
    assert "| QRS | 75.00 % | – | +3.0 ± 1.0 |" in text


def test_st_that_was_not_measured_counts_as_not_within(tmp_path: Path) -> None:
    rows = [StRow("1", "I", 0.01, 0.02, 0.02), StRow("1", "II", None, 0.0, None)]
    assert "| 2 | 50.00 % | 50.00 % | -10.0 ± 0.0 | 100.00 % |" in st_section(
        rows, Figures(tmp_path, "images")
    )


def test_quality_counts_what_was_kept_and_what_was_caught() -> None:
    rows = [QualityRow("a", True, 1.0), QualityRow("b", True, 0.4), QualityRow("c", False, 0.0)]
    assert "| 50.00 % of 2 | 100.00 % of 1 |" in quality_section(rows)


def test_the_page_says_how_it_was_made() -> None:
    assert "an earlier run" in page(["## One\n"], 3.2, 2, is_continued=True)
    text = page(["## One\n"], 3.2, 2)
    assert "an earlier run" not in text
    assert "scripts/evaluate --data DIR" in text
    assert text.endswith("## One\n")
