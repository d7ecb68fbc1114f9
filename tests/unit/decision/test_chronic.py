"""What a person has confirmed as chronic is reported, and silences nothing that is new."""

from __future__ import annotations

import pytest

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.chronic import as_confirmed
from ecgd.decision.st_rules import judge_st
from ecgd.model.baseline import Confirmation
from ecgd.model.finding import LeadSt, RiskLevel, StFinding
from ecgd.model.st_change import StVector

SETTINGS = AnalysisSettings()
AT_UNIX_S = 1_700_000_000.0


def seen(one_mv: float, two_mv: float) -> StFinding:
    levels = StVector.of_leads(one_mv, two_mv).leads_mv
    leads = tuple(LeadSt(lead, True, mv, 0.01, slope_mv_per_s=0.0) for lead, mv in levels)
    st = judge_st(leads, SETTINGS)
    assert st is not None
    return st


CONFIRMED = Confirmation(
    "Dr. Grey", AT_UNIX_S, AT_UNIX_S + 3600, StVector.of_leads(0.0, 0.15), "tomorrow"
)


def test_an_old_elevation_is_reported_and_raises_no_alarm() -> None:
    acute = seen(0.0, 0.15)
    assert acute.risk_level is RiskLevel.CRITICAL_STEMI
    st = as_confirmed(acute, CONFIRMED, SETTINGS)
    assert st is not None
    assert st.risk_level is RiskLevel.LOW_RISK
    assert st.evidence[-1] == "confirmed as chronic by Dr. Grey, until tomorrow"
    assert st.elevated == acute.elevated


@pytest.mark.parametrize("two_mv", [0.2, 0.3])
def test_growth_is_acute_again(two_mv: float) -> None:
    st = as_confirmed(seen(0.0, two_mv), CONFIRMED, SETTINGS)
    assert st is not None
    assert st.risk_level is RiskLevel.CRITICAL_STEMI
    assert "beyond the level that Dr. Grey confirmed" in st.evidence[-1]


def test_another_territory_is_acute() -> None:
    st = as_confirmed(seen(0.2, 0.05), CONFIRMED, SETTINGS)
    assert st is not None
    assert st.risk_level is RiskLevel.CRITICAL_STEMI


def test_a_new_block_was_not_confirmed() -> None:
    st = judge_st(seen(0.0, 0.15).leads[:0] or seen(0.0, 0.05).leads, SETTINGS, new_lbbb=True)
    assert st is not None
    assert st.risk_level is RiskLevel.HIGH_MI_RISK
    assert as_confirmed(st, CONFIRMED, SETTINGS) == st


def test_without_a_confirmation_nothing_changes() -> None:
    st = seen(0.0, 0.15)
    assert as_confirmed(st, None, SETTINGS) is st
    assert as_confirmed(None, CONFIRMED, SETTINGS) is None
    normal = seen(0.0, 0.02)
    assert as_confirmed(normal, CONFIRMED, SETTINGS) is normal
