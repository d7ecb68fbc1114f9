"""Windows judged under many thresholds at once, as one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.config.settings import AlarmSettings, AnalysisSettings, EnsembleSettings
from ecgd.decision.budget import KNOBS, REPLAYED, with_value
from ecgd.decision.past_alarms import families_of
from ecgd.decision.past_judge import Judge, Stream
from ecgd.decision.past_verdict import PastVerdict, Thresholds, judge_anew
from ecgd.model.finding import (
    EnsembleScore,
    EventType,
    Outcome,
    RhythmFinding,
    RiskLevel,
    StRule,
)
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.past_window import PastLead, PastWindow
from ecgd.model.rhythm import (
    ATRIAL_FIBRILLATION,
    EXTREME_BRADYCARDIA,
    EXTREME_TACHYCARDIA,
    PAUSE,
    REGULAR,
    UNKNOWN,
    VENTRICULAR_TACHYCARDIA,
)

NOW = Thresholds(AnalysisSettings(), EnsembleSettings(), AlarmSettings())
TRIED = [NOW, *(with_value(NOW, knob.key, value) for knob in KNOBS for value in knob.values)]
STREAMS = [Stream(family, each) for each in TRIED for family in families_of(REPLAYED)]
JUDGES = {known: Judge(NOW, STREAMS, has_networks=known) for known in (False, True)}
"""They remember what other examples were like: that is what may go wrong."""

LEVELS = st.one_of(
    st.sampled_from((0.05, 0.1, 0.15, -0.05, -0.1, 0.0749, 0.0501)),
    st.integers(-3000, 3000).map(lambda micro: micro / 10000),
)
LEADS = st.lists(
    st.builds(
        PastLead,
        st.sampled_from(LIMB_LEADS),
        LEVELS,
        st.sampled_from((None, 0.0, 0.01, 0.025, 0.05, 0.0501, 0.12)),
        st.sampled_from((None, 0.0, 0.05, 0.2)),
        st.booleans(),
    ),
    max_size=6,
    unique_by=lambda lead: lead.lead,
).map(tuple)
RATES = st.one_of(st.none(), st.sampled_from((40.0, 42.0, 120.0, 140.0)), st.floats(30.0, 170.0))
LABELS = st.sampled_from(
    (
        *(REGULAR, UNKNOWN, PAUSE, VENTRICULAR_TACHYCARDIA),
        *(EXTREME_BRADYCARDIA, EXTREME_TACHYCARDIA, ATRIAL_FIBRILLATION),
    )
)
RHYTHMS = st.builds(
    RhythmFinding,
    LABELS,
    st.just(70.0),
    longest_pause_s=st.sampled_from((None, 1.0, 2.0, 2.5, 3.0, 3.5, 4.2)),
    lasted_s=st.sampled_from((0.0, 6.8)),
    fibrillates=st.sampled_from((None, False, True)),
    fast_bpm=RATES,
    slow_bpm=RATES,
)
SCORES = st.builds(
    EnsembleScore,
    st.just(()),
    st.sampled_from((0.2, 0.7, 0.75, 0.8, 0.85, 0.9, 0.97)),
    st.just(0.5),
    st.just(0),
    is_usual=st.booleans(),
    is_clearly_new=st.booleans(),
    explained_by=st.sampled_from(("", "ACUTE_MI_RISK")),
)
KINDS = st.frozensets(st.sampled_from((EventType.FREQUENT_ECTOPY, EventType.RATE_CHANGE)))
WINDOWS = st.builds(
    PastWindow,
    st.just(0.0),
    st.sampled_from(Outcome),
    st.one_of(st.none(), st.sampled_from(RiskLevel)),
    RHYTHMS,
    LEADS,
    rule=st.sampled_from((StRule.PLAIN, StRule.PLAIN, StRule.SGARBOSSA)),
    scores=st.one_of(st.none(), SCORES),
    kinds=KINDS,
    ectopy_per_min=st.sampled_from((None, 5.0, 10.0, 14.9, 15.0, 40.0)),
)


def facts(verdict: PastVerdict, family: frozenset[EventType]) -> Any:
    mine = [each for each in verdict.findings if each.event_type in family]
    found = [(each.event_type, each.severity, each.lasted_s) for each in mine]
    return verdict.judged, found, verdict.unjudged & family


@settings(max_examples=120, deadline=None)
@given(WINDOWS, st.booleans())
def test_all_at_once_is_as_one_by_one(window: PastWindow, has_networks: bool) -> None:
    judge = JUDGES[has_networks]
    twice = (judge.verdicts(window), judge.verdicts(replace(window, at_unix_s=9.0)))
    whole = [judge_anew(window, NOW, each, has_networks=has_networks) for each in TRIED]
    wanted = [facts(each, family) for each in whole for family in families_of(REPLAYED)]
    for found in twice:
        pairs = zip(found, STREAMS, strict=True)
        assert [facts(verdict, stream.family) for verdict, stream in pairs] == wanted


def test_like_windows_are_judged_once_and_like_verdicts_are_the_same() -> None:
    judge = Judge(NOW, STREAMS, has_networks=False)
    leads = tuple(PastLead(lead, 0.11, 0.01) for lead in LIMB_LEADS)
    rhythm = RhythmFinding(REGULAR, 70.0, fast_bpm=70.0, slow_bpm=70.0)
    window = PastWindow(0.0, Outcome.ANOMALY, RiskLevel.CRITICAL_STEMI, rhythm, leads)
    like = replace(window, leads=tuple(lead._replace(level_mv=0.112) for lead in leads))
    other = replace(window, leads=tuple(lead._replace(level_mv=0.16) for lead in leads))
    assert judge.verdicts(window) is judge.verdicts(like)
    pairs = list(zip(judge.verdicts(window), judge.verdicts(other), strict=True))
    assert any(one is not two for one, two in pairs)
    assert len({id(each) for each in chain.from_iterable(pairs)}) < len(STREAMS) / 5
