"""One verdict a recording: the worst level held in at least half of its judged windows."""

from __future__ import annotations

import pytest

from ecgd.model.assessment import Assessment
from ecgd.model.finding import Outcome, RhythmFinding, RiskLevel, StFinding, Territory
from ecgd.service.verdict import judge_record, name_territory

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
