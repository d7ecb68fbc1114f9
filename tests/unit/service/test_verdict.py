"""One verdict a recording: the worst level held in at least half of its judged windows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecgd.model.assessment import Assessment
from ecgd.model.finding import (
    Outcome,
    PlacementFinding,
    RhythmFinding,
    RiskLevel,
    StFinding,
    Territory,
)
from ecgd.service.verdict import judge_record, name_territory, trusted

C, H, M, N = (
    RiskLevel.CRITICAL_STEMI,
    RiskLevel.HIGH_MI_RISK,
    RiskLevel.MODERATE_RISK,
    RiskLevel.NORMAL,
)


def window(risk: RiskLevel | None, territory: Territory | None = None) -> Assessment:
    st = StFinding((), risk, territory=territory) if risk else None
    outcome = Outcome.NORMAL if risk is N else Outcome.ANOMALY if risk else Outcome.CANNOT_JUDGE
    rhythm = RhythmFinding("regular", 70.0)
    return Assessment(0, 1250, 250.0, 0.0, 0, outcome, risk, rhythm, (), st=st)


@pytest.mark.parametrize(
    ("levels", "verdict"),
    [
        ([C, C, N, N], C),
        ([C, N, N, N], N),
        ([C, H, N, N], H),
        ([C, H, M, N, N, N], M),
        ([C, None, None, None], C),
        ([None, None], None),
        ([], None),
        ([N], N),
    ],
)
def test_the_verdict_is_the_worst_level_held_in_half_of_the_judged_windows(
    levels: list[RiskLevel | None], verdict: RiskLevel | None
) -> None:
    assert judge_record([window(level) for level in levels]) is verdict


def test_the_territory_is_that_of_most_windows_at_the_verdict() -> None:
    windows = [
        window(C, Territory.INFERIOR),
        window(C, Territory.INFERIOR),
        window(C, Territory.HIGH_LATERAL),
        window(N),
    ]
    assert name_territory(windows, C) is Territory.INFERIOR
    assert name_territory(windows, None) is None
    assert name_territory([window(N)], N) is None


def test_windows_that_first_showed_exchanged_electrodes_decide_nothing() -> None:
    swapped = PlacementFinding(("LA", "RA"), "LA and RA", "")
    ends = [1250 + 250 * k for k in range(40)]
    found = [replace(window(N), end_index=end) for end in ends]
    found += [replace(window(None), end_index=11250 + 250 * k, placement=swapped) for k in range(9)]
    kept = trusted(found)
    assert [a.time_s for a in kept if a.placement is None] == [float(s) for s in range(5, 40)]
    assert sum(a.placement is not None for a in kept) == 9
    at_once = [replace(a, end_index=a.end_index - 8750) for a in found[35:]]
    assert judge_record(trusted(at_once)) is None
    assert trusted(found[:40]) == found[:40]
