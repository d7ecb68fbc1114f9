"""Electrodes, channels and the own baseline over the windows of one patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from ecgd.decision.baseline import learn
from ecgd.decision.placement import Suspicion, suspect_swap
from ecgd.decision.st_change import ChangeWatch, is_change_alone
from ecgd.decision.swap import ELECTRODES, Swap
from ecgd.dsp.quality import FLAT
from ecgd.dsp.quality_figures import SAME_MV
from ecgd.features.median_beat import median_beat
from ecgd.features.st import UNKNOWN_FRONT_END
from ecgd.model.baseline import MedianBeat
from ecgd.model.beat import Beat
from ecgd.model.finding import (
    ChannelFinding,
    LeadQuality,
    LeadSt,
    PlacementFinding,
    RiskLevel,
    StFinding,
)
from ecgd.model.signal import Prepared, Window
from ecgd.pipeline.history import History

NOTHING: Final = ""
UNTOLD: Final = "?"

DEAD_SHARE: Final = 0.8
"""A measured lead that stands still this often is a dead channel, not an electrode on a leg."""

CHANNELS_LAST_S: Final = 10.0
"""A break of some seconds is seen in every window that holds it: only a longer one lasts."""

LONGEST_LESSON_S: Final = 10.0
"""A hole in the windows teaches nothing about the time in it."""


def usual_beat(window: Window, prepared: Prepared, beats: Sequence[Beat]) -> MedianBeat | None:
    """Return the median of those of ``beats`` that lie in a window, None with fewer than two."""
    return median_beat(
        [beat for beat in beats if beat.r_peak >= window.start_index],
        prepared.leads,
        prepared.st_path_mv,
        prepared.valid,
        start_index=window.start_index,
        fs_hz=window.fs_hz,
    )


def watch_channels(
    history: History, window: Window, found: ChannelFinding | None
) -> tuple[History, ChannelFinding | None]:
    """Return the history after one window, and the finding with whether it lasts."""
    if found is None and not history.channels.said:
        # The usual case, and the only one of a device that measures two leads.
        return history, None
    verdict = NOTHING if found is None else " ".join(found.channels) or UNTOLD
    channels = history.channels.after(window.time_s, verdict, CHANNELS_LAST_S)
    history = replace(history, channels=channels)
    if found is None:
        return history, None
    return history, replace(found, lasting=bool(channels.told))


def watch_electrodes(
    history: History,
    window: Window,
    prepared: Prepared,
    quality: tuple[LeadQuality, ...],
    beat: MedianBeat | None,
) -> tuple[History, PlacementFinding | None]:
    """Return the history after one window, and the exchange that has lasted, if any.

    A window whose leads cannot be relied on says nothing about electrodes.
    """
    if beat is not None and _is_telling(window, prepared, quality):
        suspicion = suspect_swap(beat, history.baseline)
        history = _note(history, window, suspicion)
    told = history.electrodes.told
    if not told:
        return history, None
    swap = Swap(told)
    evidence = history.swap_evidence
    return history, PlacementFinding(ELECTRODES[swap], swap.value, evidence)


def _note(history: History, window: Window, suspicion: Suspicion) -> History:
    if suspicion.baseline_is_wrong:
        # The electrodes were exchanged when it was learned, and are right now.
        history = replace(history, baseline=None, change_watch=ChangeWatch())
    verdict = NOTHING if suspicion.swap is None else suspicion.swap.value
    electrodes = history.electrodes.after(window.time_s, verdict)
    evidence = suspicion.evidence or history.swap_evidence
    return replace(history, electrodes=electrodes, swap_evidence=evidence)


def _is_telling(window: Window, prepared: Prepared, quality: tuple[LeadQuality, ...]) -> bool:
    """Tell whether leads I and II can be relied on; a flat lead is evidence, a dead one is not."""
    pair = [lead for lead in quality if lead.lead in ("I", "II")]
    if len(pair) < 2 or not all(lead.usable or lead.reasons == (FLAT,) for lead in pair):
        return False
    if all(lead.usable for lead in pair):
        # One that stands still is flat.
        return True
    measured = [prepared.leads.index(lead) for lead in ("I", "II") if lead in window.device.leads]
    still = np.abs(np.diff(prepared.raw_mv[measured], axis=1)) < SAME_MV
    return bool((still.mean(axis=1) < DEAD_SHARE).all())


def silence_st(
    leads_st: tuple[LeadSt, ...],
    placement: PlacementFinding | None,
    channels: ChannelFinding | None,
) -> tuple[LeadSt, ...]:
    """Return ST as not measurable where electrodes are exchanged or channels cannot be trusted."""
    if placement is not None:
        return tuple(LeadSt(st.lead, False, reason=placement.reason) for st in leads_st)
    if channels is not None and not channels.derived:
        why = f"the measured leads contradict each other, {channels.reason}"
        return tuple(LeadSt(st.lead, False, reason=why) for st in leads_st)
    return leads_st


def remarks_on(window: Window, channels: ChannelFinding | None) -> tuple[str, ...]:
    """Return what has to be said beside ST that was measured all the same."""
    derived = ", ".join(channels.derived) if channels is not None else ""
    return (
        *((f"{derived} derived from the other leads",) if derived else ()),
        *((UNKNOWN_FRONT_END,) if window.device.highpass_hz is None else ()),
    )


def learn_from(
    history: History,
    window: Window,
    beat: MedianBeat | None,
    leads_st: tuple[LeadSt, ...],
    st: StFinding | None,
) -> History:
    """Return the history with what a window teaches about what is usual.

    Only a window whose ST is judged and normal teaches, in every lead, and only while nothing is
    said against electrodes and channels. Where ST has changed and no absolute criterion holds, a
    complete baseline follows over hours, and an incomplete one waits.
    """
    teaches = (
        st is not None
        and (st.risk_level is RiskLevel.NORMAL or is_change_alone(st))
        and all(lead.measurable for lead in leads_st)
        and history.electrodes.is_silent
        and history.channels.is_silent
    )
    known = history.baseline
    is_young = known is None or not known.is_complete
    is_changed = st is not None and st.risk_level is not RiskLevel.NORMAL
    since = max(history.learned_index, window.start_index)
    passed_s = min(LONGEST_LESSON_S, (window.end_index - since) / window.fs_hz)
    if not teaches or beat is None or (is_changed and is_young) or passed_s <= 0:
        return replace(history, may_learn_change=teaches, usual=beat)
    baseline = learn(known, beat, leads_st, passed_s)
    if baseline is not None:
        baseline = replace(baseline, postures=history.change_watch.firm)
    return replace(
        history,
        may_learn_change=teaches,
        usual=beat,
        baseline=baseline,
        learned_index=window.end_index,
    )
