"""The ST rules for six limb leads: which are elevated, where, and how grave that is.

Behind left bundle-branch block and pacing the modified Sgarbossa rule takes the plain rule's
place. Other confounders take an elevation down to HIGH, unless the opposite leads are depressed
or ST has grown over the patient's own baseline.

Sources: Fourth Universal Definition of Myocardial Infarction (2018) for thresholds and
contiguity; the pipeline document, sections 5.2, 5.3 and 7, for the lists of leads and the risk
levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ecgd.config.settings import AnalysisSettings
from ecgd.decision.bundle_branch import REPLACES_PLAIN_RULE, find_wide_qrs
from ecgd.decision.confounders import GROWTH_MV, SOFTENING, find_confounders
from ecgd.decision.sgarbossa import ExcessiveSt, excessive_st, sgarbossa_words
from ecgd.decision.st_evidence import (
    change_words,
    confounder_words,
    level_words,
    pattern_words,
    uncounted_words,
)
from ecgd.decision.territories import (
    MINUS_AVR,
    Pair,
    artery_hint,
    has_pair,
    opposite_leads,
    pairs_among,
    shown_territory,
    territory_of_any,
    unseen_territories,
)
from ecgd.model.finding import (
    NOT_VISIBLE,
    Confounder,
    LeadSt,
    RiskLevel,
    StFinding,
    StRule,
    Territory,
)
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.morphology import Morphology

HORIZONTAL_MAX_MV_PER_S: Final = 0.5
"""Above this ST is upsloping: 0.02 mV, the ST accuracy of bedside monitors, over 40 ms."""

LEFT_MAIN_LEAST_DEPRESSED: Final = 3
"""Most of the five limb leads beside aVR."""

STEADY_SHARE: Final = 0.5
"""An uncertainty up to this share of the elevation threshold leaves the level to decide alone."""

HELD_BACK: Final = (
    "not CRITICAL: the confounder may explain it, and neither opposite leads nor the own baseline "
    "speak against that"
)

_ROUNDING_MV: Final = 1e-9


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the counted limb leads show. ``levels`` are in mV, by lead."""

    counted: Mapping[str, LeadSt]
    levels: Mapping[str, float]
    elevated: tuple[str, ...]
    depressed: tuple[str, ...]
    pairs: tuple[Pair, ...]
    depressed_pairs: tuple[Pair, ...]
    changed: tuple[str, ...]
    left_main: bool
    new_lbbb: bool
    newly_inverted_t: tuple[str, ...]
    is_unsteady: bool
    confounders: tuple[Confounder, ...] = ()
    rule: StRule = StRule.PLAIN
    excess: tuple[ExcessiveSt, ...] = ()


def judge_st(
    leads: tuple[LeadSt, ...],
    settings: AnalysisSettings,
    *,
    new_lbbb: bool = False,
    newly_inverted_t: tuple[str, ...] = (),
    shape: Morphology | None = None,
) -> StFinding | None:
    """Judge ST of the limb leads; other leads are carried along, not judged.

    The measured level meets the threshold; a small uncertainty never moves the threshold. But a
    lead whose uncertainty exceeds half the elevation threshold, and leaves it open on which side
    the level lies, is not counted, neither as elevated nor as normal: motion would feign, or hide,
    an infarction. The evidence names it. Where that befalls most of the measured limb leads, only
    an elevated pair that is beyond doubt is told: the leads share their electrodes. ``new_lbbb``
    (against the patient's own baseline) and ``newly_inverted_t`` (leads) are evidence from
    elsewhere. ``shape`` is what the usual beat looks like; without it no confounder is seen.

    Returns None when nothing was found and no contiguous pair of leads could be judged: that is
    not measurable, and never normal.
    """
    seen = _look(leads, settings, new_lbbb, newly_inverted_t)
    if shape is not None:
        seen = _with_shape(seen, shape)
    territory = _territory(seen)
    reciprocal = _reciprocal(territory, seen.levels, settings)
    plain_risk = _risk(seen)
    if plain_risk is None:
        return None
    risk = _softened(plain_risk, seen, reciprocal)
    return StFinding(
        leads=leads,
        risk_level=risk,
        elevated=seen.elevated,
        depressed=seen.depressed,
        contiguous=seen.pairs or seen.depressed_pairs,
        reciprocal=reciprocal,
        territory=territory,
        artery_hint=artery_hint(territory, seen.levels),
        not_visible=(*NOT_VISIBLE, *unseen_territories(seen.levels)),
        evidence=(
            *level_words("ST elevation", seen.elevated, seen.levels),
            *level_words("ST depression", seen.depressed, seen.levels),
            *level_words("reciprocal depression", reciprocal, seen.levels),
            *pattern_words(
                seen.pairs,
                left_main=seen.left_main,
                new_lbbb=seen.new_lbbb,
                newly_inverted_t=seen.newly_inverted_t,
            ),
            *(sgarbossa_words(seen.excess) if seen.rule is StRule.SGARBOSSA else ()),
            *_change_evidence(seen, risk),
            *confounder_words(seen.confounders),
            *((HELD_BACK,) if risk is not plain_risk else ()),
            *uncounted_words(leads, seen.counted),
        ),
        rule=seen.rule,
        confounders=seen.confounders,
    )


def _look(
    leads: tuple[LeadSt, ...],
    settings: AnalysisSettings,
    new_lbbb: bool,
    newly_inverted_t: tuple[str, ...],
) -> _Seen:
    """Return what the leads show, before anything is made of it."""
    counted = {st.lead: st for st in leads if st.lead in LIMB_LEADS and _counts(st, settings)}
    levels = {lead: _level(st) for lead, st in counted.items()}
    elevated = tuple(lead for lead in levels if _is_elevated(levels[lead], settings))
    depressed = tuple(lead for lead, st in counted.items() if _is_depressed(st, settings))
    return _Seen(
        counted=counted,
        levels=levels,
        elevated=elevated,
        depressed=depressed,
        pairs=pairs_among({*elevated, *_minus_avr_elevated(levels, settings)}),
        depressed_pairs=pairs_among({*depressed, *_minus_avr_depressed(levels, settings)}),
        changed=_changed(elevated, counted, settings),
        left_main="aVR" in elevated and _is_widely_depressed(levels, settings),
        new_lbbb=new_lbbb,
        newly_inverted_t=newly_inverted_t,
        is_unsteady=2 * len(counted) < sum(st.measurable for st in leads if st.lead in LIMB_LEADS),
    )


def _with_shape(seen: _Seen, shape: Morphology) -> _Seen:
    """Return what the leads show in the light of the beat's shape.

    Where the modified Sgarbossa rule judges, elevation and depression that the block explains are
    none.
    """
    wide = find_wide_qrs(shape)
    confounders = find_confounders(shape, wide, seen.counted, seen.elevated)
    if wide is None or wide.kind not in REPLACES_PLAIN_RULE:
        return replace(seen, confounders=confounders)
    excess = excessive_st(seen.counted, shape)
    elevated = tuple(each.lead for each in excess)
    return replace(
        seen,
        confounders=confounders,
        rule=StRule.SGARBOSSA,
        excess=excess,
        elevated=elevated,
        depressed=(),
        pairs=pairs_among(elevated),
        depressed_pairs=(),
        changed=(),
        left_main=False,
        newly_inverted_t=(),
    )


def _softened(risk: RiskLevel, seen: _Seen, reciprocal: tuple[str, ...]) -> RiskLevel:
    """Return HIGH in place of CRITICAL where a confounder may explain the elevation."""
    is_in_doubt = any(each.kind in SOFTENING for each in seen.confounders)
    if risk is not RiskLevel.CRITICAL_STEMI or seen.rule is not StRule.PLAIN or not is_in_doubt:
        return risk
    return risk if reciprocal or _has_grown(seen) else RiskLevel.HIGH_MI_RISK


def _has_grown(seen: _Seen) -> bool:
    """Tell whether both leads of an elevated pair have risen over the own baseline."""
    return any(all(_growth(seen, lead) >= GROWTH_MV for lead in pair) for pair in seen.pairs)


def _growth(seen: _Seen, lead: str) -> float:
    change_mv = seen.counted[lead.removeprefix("-")].change_mv
    if change_mv is None:
        return 0.0
    return (-change_mv if lead == MINUS_AVR else change_mv) + _ROUNDING_MV


def _risk(seen: _Seen) -> RiskLevel | None:
    """Return the risk level, gravest rule first; None: nothing found, nothing judgeable.

    aVR lies opposite to every territory that limb leads show: by itself it is no STEMI, behind a
    block as little as without.
    """
    if seen.pairs or any(each.lead != "aVR" for each in seen.excess):
        return RiskLevel.CRITICAL_STEMI
    if seen.is_unsteady and not seen.new_lbbb:
        return None
    if len(seen.elevated) >= 2 or seen.left_main or seen.new_lbbb or seen.excess:
        return RiskLevel.HIGH_MI_RISK
    if seen.depressed_pairs or seen.changed:
        return RiskLevel.MODERATE_RISK
    if seen.elevated or len(seen.newly_inverted_t) >= 2:
        return RiskLevel.LOW_RISK
    return RiskLevel.NORMAL if has_pair(seen.levels) else None


def _level(st: LeadSt) -> float:
    return 0.0 if st.level_mv is None else st.level_mv


def _counts(st: LeadSt, settings: AnalysisSettings) -> bool:
    """Tell whether a lead's figure decides anything: its error is small, or changes nothing."""
    if not st.measurable or st.level_mv is None:
        return False
    error_mv, size_mv = st.uncertainty_mv or 0.0, abs(st.level_mv)
    threshold_mv = settings.st_elevation_mv - _ROUNDING_MV
    if error_mv <= threshold_mv * STEADY_SHARE + _ROUNDING_MV:
        return True
    return size_mv - error_mv >= threshold_mv or size_mv + error_mv < threshold_mv


def _is_elevated(level_mv: float, settings: AnalysisSettings) -> bool:
    return level_mv >= settings.st_elevation_mv - _ROUNDING_MV


def _is_low(level_mv: float, settings: AnalysisSettings) -> bool:
    return level_mv <= -settings.st_depression_mv + _ROUNDING_MV


def _is_depressed(st: LeadSt, settings: AnalysisSettings) -> bool:
    """Tell whether ST is low, and horizontal or downsloping; an unknown slope counts as such."""
    slope = st.slope_mv_per_s
    flat = slope is None or slope <= HORIZONTAL_MAX_MV_PER_S
    return flat and _is_low(_level(st), settings)


def _minus_avr_elevated(levels: Mapping[str, float], settings: AnalysisSettings) -> tuple[str, ...]:
    """Return -aVR if depression of aVR makes it elevated; its only neighbours are I and II."""
    elevated = "aVR" in levels and _is_elevated(-levels["aVR"], settings)
    return (MINUS_AVR,) if elevated else ()


def _minus_avr_depressed(
    levels: Mapping[str, float], settings: AnalysisSettings
) -> tuple[str, ...]:
    depressed = "aVR" in levels and _is_low(-levels["aVR"], settings)
    return (MINUS_AVR,) if depressed else ()


def _is_widely_depressed(levels: Mapping[str, float], settings: AnalysisSettings) -> bool:
    """Tell whether most leads beside aVR are low, whatever their slope: aVR's rise is enough."""
    low = sum(_is_low(level_mv, settings) for lead, level_mv in levels.items() if lead != "aVR")
    return low >= LEFT_MAIN_LEAST_DEPRESSED


def _changed(
    elevated: Iterable[str], counted: Mapping[str, LeadSt], settings: AnalysisSettings
) -> tuple[str, ...]:
    """Return the elevated leads that are not as always.

    Without a baseline nobody can say "as always": then an elevated lead counts as changed.
    """
    changes = {lead: counted[lead].change_mv for lead in elevated}
    least_mv = settings.st_change_mv - _ROUNDING_MV
    return tuple(lead for lead, mv in changes.items() if mv is None or mv >= least_mv)


def _territory(seen: _Seen) -> Territory | None:
    if seen.pairs:
        return shown_territory(seen.elevated)
    if seen.excess:
        return territory_of_any(seen.elevated)
    if seen.left_main:
        return Territory.LEFT_MAIN
    return Territory.UNCLEAR if len(seen.elevated) >= 2 else None


def _reciprocal(
    territory: Territory | None, levels: Mapping[str, float], settings: AnalysisSettings
) -> tuple[str, ...]:
    return tuple(
        lead
        for lead in opposite_leads(territory)
        if lead in levels and _is_low(levels[lead], settings)
    )


def _change_evidence(seen: _Seen, risk: RiskLevel) -> tuple[str, ...]:
    if risk is RiskLevel.LOW_RISK and seen.elevated:
        return ("as in the patient's own baseline",)
    return change_words(seen.changed, seen.counted)
