from __future__ import annotations

from ecgd.evaluation.lag_study import LagRow, lag_section


def test_the_section_gives_the_share_seen_in_time_and_counts_what_was_never_seen() -> None:
    rows = [LagRow("a", (0.05, 0.15)), LagRow("b", (0.4, float("inf")))]
    section = lag_section(rows)
    assert "4 beats" in section
    assert "25.0 % within 0.1 s, 50.0 % within 0.2 s" in section
    assert "75.0 % within 0.5 s" in section
