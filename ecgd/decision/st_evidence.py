"""The evidence of an ST verdict, in words and figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ecgd.decision.territories import Pair
from ecgd.model.finding import Confounder, LeadSt
from ecgd.model.leads import LIMB_LEADS


def level_words(what: str, leads: Iterable[str], levels: Mapping[str, float]) -> tuple[str, ...]:
    """Name leads with their level."""
    figures = ", ".join(f"{lead} {levels[lead]:+.2f} mV" for lead in leads)
    return (f"{what}: {figures}",) if figures else ()


def pattern_words(
    pairs: Iterable[Pair], *, left_main: bool, new_lbbb: bool, newly_inverted_t: tuple[str, ...]
) -> tuple[str, ...]:
    """Name what several leads show together."""
    contiguous = ", ".join(f"{one} and {other}" for one, other in pairs)
    inverted = ", ".join(newly_inverted_t)
    patterns = (
        (bool(contiguous), f"contiguous: {contiguous}"),
        (left_main, "elevation in aVR with depression in most other leads"),
        (new_lbbb, "new left bundle-branch block"),
        (len(newly_inverted_t) >= 2, f"newly inverted T waves: {inverted}"),
    )
    return tuple(words for holds, words in patterns if holds)


def change_words(changed: Iterable[str], counted: Mapping[str, LeadSt]) -> tuple[str, ...]:
    """Say by how much leads differ from the own baseline, and which have none."""
    known = [(lead, counted[lead].change_mv) for lead in changed]
    figures = ", ".join(f"{lead} {mv:+.2f} mV" for lead, mv in known if mv is not None)
    without = ", ".join(lead for lead, mv in known if mv is None)
    return (
        *((f"changed from the patient's own baseline: {figures}",) if figures else ()),
        *((f"no baseline to compare with: {without}",) if without else ()),
    )


def confounder_words(confounders: Iterable[Confounder]) -> tuple[str, ...]:
    """Name each confounder with its figures and its source."""
    return tuple(
        f"confounder, to be reviewed: {each.kind} ({each.evidence}; {each.source})"
        for each in confounders
    )


def uncounted_words(leads: Iterable[LeadSt], counted: Mapping[str, LeadSt]) -> tuple[str, ...]:
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
