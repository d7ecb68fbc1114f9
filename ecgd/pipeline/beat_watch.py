"""Beats and waves of one window in the light of history."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgd.dsp.prepare import Prepared
from ecgd.dsp.quality import FLAT, LOST_SIGNAL
from ecgd.features.beats import FoundBeats, find_beats, newly_final
from ecgd.features.ventricular import measure_oscillation, remember
from ecgd.model.beat import Beat
from ecgd.model.finding import LeadQuality
from ecgd.model.signal import BoolArray, IntArray, Window
from ecgd.pipeline.history import KEPT_S, History

UNWATCHED_GAP_S = 0.5
"""A longer hole in the samples may hide a beat: intervals across it say nothing."""

RECENT_S = 60.0
"""Rate, rhythm and ST look back no further than this: fibrillation takes 30 s to tell (ESC)."""

QUIET_MV = 0.3
"""A lead that stays below this, in the band of the beats, has no storm of noise."""


@dataclass(frozen=True, slots=True)
class WatchedBeats:
    """Beats of one window in the light of history."""

    known: tuple[Beat, ...]
    final: tuple[Beat, ...]
    history: History


def carry_over(window: Window, history: History) -> History:
    """Return the history that a window may build on."""
    if window.origin != history.origin:
        return History(window.origin, watched_from=window.start_index, baseline=history.baseline)
    unseen = window.start_index > history.end_index
    watched_from = window.start_index if unseen else history.watched_from
    return replace(history, watched_from=max(watched_from, _after_long_gap(window)))


def _after_long_gap(window: Window) -> int:
    """Return the index after the last hole that may hide a beat; 0 without one."""
    length = round(UNWATCHED_GAP_S * window.fs_hz)
    edges = np.flatnonzero(np.diff(np.concatenate(([True], window.valid, [True])).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    long_stops: IntArray = stops[stops - starts >= length]
    return window.start_index + int(long_stops[-1]) if long_stops.size else 0


def carrying_signal(quality: tuple[LeadQuality, ...]) -> BoolArray:
    """Tell which leads carry a signal, however bad: nothing proves that it is lost."""
    return np.array([LOST_SIGNAL.isdisjoint(lead.reasons) for lead in quality], dtype=np.bool_)


def watch_waves(
    before: History, window: Window, prepared: Prepared, quality: tuple[LeadQuality, ...]
) -> History:
    """Return the history with this window's wave.

    Fibrillation looks like noise: it is looked for on every measured lead that carries a signal,
    though quality calls it unusable. A flat lead shows nothing.
    """
    flat = np.array([FLAT in lead.reasons for lead in quality])
    measured = np.array([lead in window.leads for lead in prepared.leads])
    wave = measure_oscillation(
        prepared.band_mv,
        carrying_signal(quality) & ~flat & measured,
        end_index=window.end_index,
        fs_hz=window.fs_hz,
    )
    return replace(before, waves=remember(before.waves, wave, window.fs_hz))


def _quiet(prepared: Prepared, quality: tuple[LeadQuality, ...]) -> BoolArray:
    """Tell which leads carry a signal too small to hide a heart beat: an asystole may be seen."""
    activity_mv = np.percentile(np.abs(prepared.band_mv), 99, axis=-1)
    quiet: BoolArray = carrying_signal(quality) & (activity_mv < QUIET_MV)
    return quiet


def watch_beats(
    window: Window,
    prepared: Prepared,
    quality: tuple[LeadQuality, ...],
    before: History,
    *,
    last: bool,
) -> WatchedBeats:
    usable = np.array([lead.usable for lead in quality], dtype=np.bool_)
    trusted = bool(usable.any())
    looked_at = usable if trusted else _quiet(prepared, quality)
    found = find_beats(
        start_index=window.start_index,
        fs_hz=window.fs_hz,
        leads=prepared.leads,
        st_path_mv=prepared.st_path_mv,
        band_mv=prepared.band_mv,
        valid=prepared.valid,
        usable=looked_at,
        hints=before.hints,
        from_index=before.final_before,
    )
    if not trusted:
        # What looks like a beat in noise is none, but neither that nor a storm is an asystole.
        silent = bool(looked_at.any()) and not found.r_peaks.size
        watched_from = before.watched_from if silent else window.end_index
        after = replace(before, end_index=window.end_index, watched_from=watched_from)
        return WatchedBeats(before.beats, (), after)
    if last:
        found = replace(found, final_before_index=window.end_index)
    return _settle(window, found, before)


def _settle(window: Window, found: FoundBeats, before: History) -> WatchedBeats:
    """Divide the beats into those that are final and those that a later window tells."""
    last_r_peak = before.beats[-1].r_peak if before.beats else None
    final = newly_final(found, before.final_before, last_r_peak, window.fs_hz)
    oldest = window.end_index - round(KEPT_S * window.fs_hz)
    beats = before.extended(final, oldest)
    newest = tuple(b for b in found.beats if b.r_peak >= found.final_before_index)
    after = replace(
        before,
        end_index=window.end_index,
        beats=beats,
        final_before=max(before.final_before, found.final_before_index),
        hints=found.hints,
    )
    recent = after.since(window.end_index - round(RECENT_S * window.fs_hz))
    return WatchedBeats((*recent, *newest), final, after)
