"""The ST rules for six limb leads: which are elevated, where, and how grave that is.

Sources: Fourth Universal Definition of Myocardial Infarction (2018) for thresholds and
contiguity; the pipeline document, sections 5.2, 5.3 and 7, for the lists of leads and the risk
levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ecgd.config.settings import AnalysisSettings
from ecgd.model.finding import NOT_VISIBLE, LeadSt, RiskLevel, StFinding, Territory
from ecgd.model.leads import ANATOMICAL_ORDER, LIMB_LEADS

Pair = tuple[str, str]

INFERIOR: Final = ("II", "III", "aVF")
HIGH_LATERAL: Final = ("I", "aVL")
RECIPROCAL: Final = {
    Territory.INFERIOR: ("aVL", "I"),
    Territory.HIGH_LATERAL: ("III", "aVF"),
}
"""Leads that see each territory from the other side."""

CONTIGUOUS: Final[tuple[Pair, ...]] = (*pairwise(ANATOMICAL_ORDER), ("II", "III"))
"""Neighbours in the anatomical order, and the one further pair of the document's lists."""

HORIZONTAL_MAX_MV_PER_S: Final = 0.5
"""Above this ST is upsloping: 0.02 mV, the ST accuracy of bedside monitors, over 40 ms."""

LEFT_MAIN_LEAST_DEPRESSED: Final = 3
"""Most of the five limb leads beside aVR."""

STEADY_SHARE: Final = 0.5
"""An uncertainty up to this share of the elevation threshold leaves the level to decide alone."""

_ROUNDING_MV: Final = 1e-9
_MINUS_AVR: Final = "-aVR"


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


def judge_st(
    leads: tuple[LeadSt, ...],
    settings: AnalysisSettings,
    *,
    new_lbbb: bool = False,
    newly_inverted_t: tuple[str, ...] = (),
) -> StFinding | None:
    """Judge ST of the limb leads; other leads are carried along, not judged.

    The measured level meets the threshold; a small uncertainty never moves the threshold. But a
    lead whose uncertainty exceeds half the elevation threshold, and leaves it open on which side
    the level lies, is not counted, neither as elevated nor as normal: motion would feign, or hide,
    an infarction. The evidence names it. Where that befalls most of the measured limb leads, only
    an elevated pair that is beyond doubt is told: the leads share their electrodes. ``new_lbbb``
    (against the patient's own baseline) and ``newly_inverted_t`` (leads) are evidence from
    elsewhere.

    Returns None when nothing was found and no contiguous pair of leads could be judged: that is
    not measurable, and never normal.
    """
    seen = _look(leads, settings, new_lbbb, newly_inverted_t)
    risk = _risk(seen)
    if risk is None:
        return None
    territory = _territory(seen)
    reciprocal = _reciprocal(territory, seen.levels, settings)
    return StFinding(
        leads=leads,
        risk_level=risk,
        elevated=seen.elevated,
        depressed=seen.depressed,
        contiguous=seen.pairs or seen.depressed_pairs,
        reciprocal=reciprocal,
        territory=territory,
        artery_hint=_artery_hint(territory, seen.levels),
        not_visible=(*NOT_VISIBLE, *_unseen_territories(seen.levels)),
        evidence=(
            *_lead_evidence("ST elevation", seen.elevated, seen.levels),
            *_lead_evidence("ST depression", seen.depressed, seen.levels),
            *_lead_evidence("reciprocal depression", reciprocal, seen.levels),
            *_pattern_evidence(seen),
            *_change_evidence(seen, risk),
            *_uncounted_evidence(leads, seen.counted),
        ),
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
        pairs=_pairs({*elevated, *_minus_avr_elevated(levels, settings)}),
        depressed_pairs=_pairs({*depressed, *_minus_avr_depressed(levels, settings)}),
        changed=_changed(elevated, counted, settings),
        left_main="aVR" in elevated and _is_widely_depressed(levels, settings),
        new_lbbb=new_lbbb,
        newly_inverted_t=newly_inverted_t,
        is_unsteady=2 * len(counted) < sum(st.measurable for st in leads if st.lead in LIMB_LEADS),
    )


def _risk(seen: _Seen) -> RiskLevel | None:
    """Return the risk level, gravest rule first; None: nothing found, nothing judgeable."""
    if seen.pairs:
        return RiskLevel.CRITICAL_STEMI
    if seen.is_unsteady and not seen.new_lbbb:
        return None
    if len(seen.elevated) >= 2 or seen.left_main or seen.new_lbbb:
        return RiskLevel.HIGH_MI_RISK
    if seen.depressed_pairs or seen.changed:
        return RiskLevel.MODERATE_RISK
    if seen.elevated or len(seen.newly_inverted_t) >= 2:
        return RiskLevel.LOW_RISK
    return RiskLevel.NORMAL if _is_judgeable(seen.levels) else None


def _is_judgeable(levels: Mapping[str, float]) -> bool:
    """Tell whether at least one contiguous pair of leads was measured."""
    return any(all(lead.removeprefix("-") in levels for lead in pair) for pair in CONTIGUOUS)


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
    return (_MINUS_AVR,) if elevated else ()


def _minus_avr_depressed(
    levels: Mapping[str, float], settings: AnalysisSettings
) -> tuple[str, ...]:
    depressed = "aVR" in levels and _is_low(-levels["aVR"], settings)
    return (_MINUS_AVR,) if depressed else ()


def _pairs(leads: set[str]) -> tuple[Pair, ...]:
    return tuple(pair for pair in CONTIGUOUS if leads.issuperset(pair))


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
    inferior = sum(lead in seen.elevated for lead in INFERIOR) >= 2
    lateral = all(lead in seen.elevated for lead in HIGH_LATERAL)
    if seen.pairs and inferior != lateral:
        return Territory.INFERIOR if inferior else Territory.HIGH_LATERAL
    if seen.left_main and not seen.pairs:
        return Territory.LEFT_MAIN
    return Territory.UNCLEAR if seen.pairs or len(seen.elevated) >= 2 else None


def _reciprocal(
    territory: Territory | None, levels: Mapping[str, float], settings: AnalysisSettings
) -> tuple[str, ...]:
    opposite = RECIPROCAL.get(territory, ()) if territory is not None else ()
    return tuple(lead for lead in opposite if lead in levels and _is_low(levels[lead], settings))


def _artery_hint(territory: Territory | None, levels: Mapping[str, float]) -> str:
    """Name the usual artery. Source: the clinical table of territories."""
    if territory is Territory.INFERIOR:
        if "II" not in levels or "III" not in levels:
            return "right coronary or circumflex artery"
        right = levels["III"] > levels["II"]
        return (
            "right coronary artery more likely (III > II)"
            if right
            else "circumflex artery more likely (II ≥ III)"
        )
    if territory is Territory.HIGH_LATERAL:
        return "circumflex artery or diagonal branch"
    if territory is Territory.LEFT_MAIN:
        return "left main artery or several vessels"
    return ""


def _unseen_territories(levels: Mapping[str, float]) -> tuple[str, ...]:
    """Return the territories that limb leads show, but not those that were measured this time."""
    inferior = sum(lead in levels for lead in INFERIOR) >= 2
    lateral = all(lead in levels for lead in HIGH_LATERAL)
    return (
        *(() if inferior else (Territory.INFERIOR.value,)),
        *(() if lateral else (Territory.HIGH_LATERAL.value,)),
    )


def _lead_evidence(
    what: str, leads: tuple[str, ...], levels: Mapping[str, float]
) -> tuple[str, ...]:
    figures = ", ".join(f"{lead} {levels[lead]:+.2f} mV" for lead in leads)
    return (f"{what}: {figures}",) if leads else ()


def _pattern_evidence(seen: _Seen) -> tuple[str, ...]:
    pairs = ", ".join(f"{one} and {other}" for one, other in seen.pairs)
    inverted = ", ".join(seen.newly_inverted_t)
    patterns = (
        (bool(pairs), f"contiguous: {pairs}"),
        (seen.left_main, "elevation in aVR with depression in most other leads"),
        (seen.new_lbbb, "new left bundle-branch block"),
        (len(seen.newly_inverted_t) >= 2, f"newly inverted T waves: {inverted}"),
    )
    return tuple(words for holds, words in patterns if holds)


def _change_evidence(seen: _Seen, risk: RiskLevel) -> tuple[str, ...]:
    if risk is RiskLevel.LOW_RISK and seen.elevated:
        return ("as in the patient's own baseline",)
    known = [(lead, seen.counted[lead].change_mv) for lead in seen.changed]
    figures = ", ".join(f"{lead} {mv:+.2f} mV" for lead, mv in known if mv is not None)
    without = ", ".join(lead for lead, mv in known if mv is None)
    return (
        *((f"changed from the patient's own baseline: {figures}",) if figures else ()),
        *((f"no baseline to compare with: {without}",) if without else ()),
    )


def _uncounted_evidence(
    leads: tuple[LeadSt, ...], counted: Mapping[str, LeadSt]
) -> tuple[str, ...]:
    """Name each limb lead that could not be counted, and why."""
    return tuple(
        f"{st.lead} not counted: "
        + (
            f"{st.level_mv:+.2f} ± {st.uncertainty_mv:.2f} mV"
            if st.measurable and st.level_mv is not None and st.uncertainty_mv is not None
            else st.reason or "not measurable"
        )
        for st in leads
        if st.lead in LIMB_LEADS and st.lead not in counted
    )
