"""Beats and waves of one window in the light of history."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgd.dsp.clipping import bridge_clipped
from ecgd.dsp.quality import FLAT, LOST_SIGNAL, SATURATED
from ecgd.features.beats import FINAL_AFTER_S, FoundBeats, find_beats, newly_final
from ecgd.features.boundary_network import Network
from ecgd.features.broad_beats import CLEAR_S, crests_in, holes_between
from ecgd.features.capture import without_lone_spikes
from ecgd.features.r_peaks import detect_r_peaks, faded
from ecgd.features.ventricular import measure_oscillation, remember
from ecgd.features.ventricular_run import (
    BeatShape,
    RunMemory,
    cut_shapes,
    follow_run,
    usual_rr_s,
    usual_swing_mv,
    ventricular_probability,
)
from ecgd.model.beat import Beat
from ecgd.model.finding import LeadQuality
from ecgd.model.signal import BoolArray, FloatArray, IntArray, Prepared, Window
from ecgd.pipeline.beat_classes import class_beats
from ecgd.pipeline.history import KEPT_S, History

UNWATCHED_GAP_S = 0.5
"""A longer hole in the samples may hide a beat: intervals across it say nothing."""

RECENT_S = 60.0
"""Rate, rhythm and ST look back no further than this: fibrillation takes 30 s to tell (ESC)."""

CERTAIN_BEATS = 3
CERTAIN_SHARE = 0.8
"""So many beats, and this share of them, beyond doubt: rate and rhythm may go by a window though
quality calls every lead of it unusable."""

STEADY_INTERVALS = 3
STEADY_RATIO = 1.3
"""So many intervals that differ by no more than this are a rhythm."""

QUIET_MV = 0.3
"""A lead that stays below this, in the band of the beats, has no storm of noise."""

HEARD_SHARE = 0.5
"""A lead is heard if its index is at least this share of the best one's, however bad that is."""


@dataclass(frozen=True, slots=True)
class WatchedBeats:
    """Beats of one window in the light of history; ``believed``: rate and rhythm may go by them."""

    known: tuple[Beat, ...]
    final: tuple[Beat, ...]
    history: History
    believed: bool = False


def carry_over(window: Window, history: History) -> History:
    """Return the history that a window may build on."""
    if window.origin != history.origin:
        # Nobody knows how long the device was away: the course goes on where it ended.
        ended_s = history.end_index / window.fs_hz
        return History(
            window.origin,
            watched_from=window.start_index,
            baseline=history.baseline,
            evolution=history.evolution.moved(window.start_index / window.fs_hz - ended_s),
            st_watch=history.st_watch.moved(window.start_index / window.fs_hz - ended_s),
            change_watch=history.change_watch.anew(),
            score_watch=history.score_watch.anew(),
        )
    unseen = window.start_index > history.end_index
    watched_from = window.start_index if unseen else history.watched_from
    watched_from = max(watched_from, _after_long_gap(window))
    if watched_from == history.watched_from:
        return history
    return replace(history, watched_from=watched_from)


def _after_long_gap(window: Window) -> int:
    """Return the index after the last hole that may hide a beat; 0 without one."""
    if window.valid.all():
        return 0
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
    seen = carrying_signal(quality) & ~flat & measured
    band_mv, seen = _with_bridged(prepared.band_mv, seen, window, prepared, quality)
    wave = measure_oscillation(band_mv, seen, end_index=window.end_index, fs_hz=window.fs_hz)
    return replace(before, waves=remember(before.waves, wave, window.fs_hz))


def _with_bridged(
    band_mv: FloatArray,
    seen: BoolArray,
    window: Window,
    prepared: Prepared,
    quality: tuple[LeadQuality, ...],
) -> tuple[FloatArray, BoolArray]:
    """Return the waves, and which leads show one, with leads that were cut off now and then."""
    clipped = [
        (row, prepared.leads.index(lead))
        for row, lead in enumerate(window.leads)
        if LOST_SIGNAL.intersection(quality[prepared.leads.index(lead)].reasons) == {SATURATED}
    ]
    if not clipped:
        return band_mv, seen
    flags = np.zeros(1) if window.saturated is None else np.atleast_2d(window.saturated)
    told = np.broadcast_to(flags, (len(window.leads), band_mv.shape[1]))
    band_mv, seen = band_mv.copy(), seen.copy()
    for row, lead in clipped:
        lost = ~prepared.valid | (told[row] > 0)
        bridged = bridge_clipped(prepared.raw_mv[lead], lost, window.fs_hz)
        if bridged is not None:
            band_mv[lead], seen[lead] = bridged, True
    return band_mv, seen


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
    network: Network | None = None,
) -> WatchedBeats:
    """Find the beats of one window, whatever quality makes of it.

    Without a usable lead they are told, but not measured, and unless nearly all are beats beyond
    doubt rate and rhythm begin anew behind the window: what looks like a beat in noise may be none,
    and a storm is no asystole. Where a
    lead lies quiet and shows no beat, nothing is told and the silence goes on: a storm in another
    lead cannot hide an asystole.
    """
    usable = np.array([lead.usable for lead in quality], dtype=np.bool_)
    trusted = bool(usable.any())
    if not trusted and _is_silent(window, prepared, quality, before):
        return WatchedBeats(before.beats, (), replace(before, end_index=window.end_index))
    heard = _heard(quality)
    if not heard.any():
        after = replace(before, end_index=window.end_index, watched_from=window.end_index)
        return WatchedBeats(before.beats, (), after)
    found = _find(window, prepared, before, usable, heard, last=last, network=network)
    doubtful = trusted and not found.certain_count and not _is_steady(found)
    if doubtful and _is_silent(window, prepared, quality, before):
        nothing = found.r_peaks[:0]
        found = replace(found, r_peaks=nothing, beats=(), hints=faded(before.hints))
    if last:
        found = replace(found, final_before_index=window.end_index)
    believed = trusted or _are_certain(found, window)
    if trusted:
        found, before = class_beats(found, before, usable, window.fs_hz)
    elif not believed:
        before = replace(before, watched_from=window.end_index)
    settled = _settle(window, found, before, believed=believed)
    runs = _watch_runs(window, prepared, settled)
    if runs is before.runs:
        return settled
    return replace(settled, history=replace(settled.history, runs=runs))


def _are_certain(found: FoundBeats, window: Window) -> bool:
    """Tell whether most beats that this window shows are beats beyond doubt."""
    heard = int((found.r_peaks >= window.start_index).sum())
    return heard >= CERTAIN_BEATS and found.certain_count >= CERTAIN_SHARE * heard


def _is_steady(found: FoundBeats) -> bool:
    """Tell whether the beats come too evenly for crests of noise: a broad tachycardia does."""
    return _is_even(found.r_peaks)


def _is_even(r_peaks: IntArray) -> bool:
    rr = np.diff(r_peaks)
    return rr.size >= STEADY_INTERVALS and int(rr.max()) <= STEADY_RATIO * int(rr.min())


def _is_silent(
    window: Window, prepared: Prepared, quality: tuple[LeadQuality, ...], before: History
) -> bool:
    """Tell whether a lead lies quiet and shows nothing that is a beat beyond doubt."""
    quiet = _quiet(prepared, quality)
    if not quiet.any():
        return False
    peaks = detect_r_peaks(
        prepared.band_mv,
        quiet,
        prepared.valid,
        window.fs_hz,
        before.hints,
        mixing=prepared.mixing,
    )
    return not peaks.certain_count


def beats_in_one_lead(
    window: Window, prepared: Prepared, quality: tuple[LeadQuality, ...], silent_from: int
) -> bool:
    """Tell whether a measured lead alone shows an even rhythm since index ``silent_from``.

    All leads together go by the clearest; one that fails in mid window leaves the others unheard.
    """
    carrying = carrying_signal(quality)
    sources = prepared.mixing.sources if prepared.mixing else range(len(prepared.leads))
    for lead in sources:
        alone = np.zeros(len(prepared.leads), dtype=np.bool_)
        alone[lead] = carrying[lead]
        peaks = detect_r_peaks(prepared.band_mv, alone, prepared.valid, window.fs_hz)
        peaks = without_lone_spikes(peaks, prepared.st_path_mv[alone], window.fs_hz)
        late = peaks.indices[peaks.indices + window.start_index > silent_from]
        certain = peaks.certain_count >= CERTAIN_SHARE * peaks.indices.size
        if certain and _is_even(late):
            return True
    return False


def _heard(quality: tuple[LeadQuality, ...]) -> BoolArray:
    """Tell in which leads beats are looked for: all with a signal, but for far worse ones."""
    flat = np.array([FLAT in lead.reasons for lead in quality], dtype=np.bool_)
    sqi = np.where(carrying_signal(quality) & ~flat, [lead.sqi for lead in quality], -1.0)
    heard: BoolArray = (sqi >= 0.0) & (sqi >= HEARD_SHARE * sqi.max())
    return heard


def _find(
    window: Window,
    prepared: Prepared,
    before: History,
    usable: BoolArray,
    heard: BoolArray,
    *,
    last: bool,
    network: Network | None = None,
) -> FoundBeats:
    # Each beat is measured once: when it is final, and no later signal would change it.
    newest = window.end_index - round(FINAL_AFTER_S * window.fs_hz)
    return find_beats(
        prepared,
        usable,
        heard=heard,
        hints=before.hints,
        from_index=before.final_before,
        until_index=None if last else newest,
        network=network,
        p_signs=before.p_signs,
    )


def _watch_runs(window: Window, prepared: Prepared, beats: WatchedBeats) -> RunMemory:
    """Return what is known of runs of ventricular beats after this window's final beats."""
    memory = beats.history.runs
    measured = [prepared.leads.index(lead) for lead in window.leads if lead in prepared.leads]
    band_mv = prepared.band_mv[measured]
    fed_until = memory.newest[-1].r_peak if memory.newest else window.start_index - 1
    told = {b.r_peak: ventricular_probability(b) for b in beats.final if b.r_peak > fed_until}
    r_peaks = sorted((*told, *_broad_beats(window, band_mv, beats, fed_until)))
    if not r_peaks:
        return memory
    at = np.array(r_peaks, dtype=np.int64) - window.start_index
    for r_peak, shape_mv in zip(r_peaks, cut_shapes(band_mv, at, window.fs_hz), strict=True):
        shape = BeatShape(
            *(r_peak, shape_mv), ventricular=told.get(r_peak, 1.0), broad=r_peak not in told
        )
        memory = follow_run(memory, shape, window.fs_hz)
    return memory


def _broad_beats(
    window: Window, band_mv: FloatArray, beats: WatchedBeats, fed_until: int
) -> tuple[int, ...]:
    """Return the final broad beats where the beats leave a hole, from ``fed_until`` on."""
    memory, fs_hz, start = beats.history.runs, window.fs_hz, window.start_index
    rr_s = usual_rr_s(memory, fs_hz)
    seen = np.array([b.r_peak for b in beats.known if b.r_peak >= start], dtype=np.int64)
    if rr_s is None or memory.usual[0].shape_mv.shape[0] != band_mv.shape[0]:
        return ()
    holes = holes_between(seen - start, band_mv.shape[1], rr_s, fs_hz)
    if not holes:
        return ()
    crests = crests_in(band_mv, holes, usual_swing_mv(memory), fs_hz)
    from_index = fed_until + round(CLEAR_S * fs_hz)
    until = beats.history.final_before
    return tuple(start + crest for crest in crests if from_index < start + crest < until)


def _settle(window: Window, found: FoundBeats, before: History, *, believed: bool) -> WatchedBeats:
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
        p_signs=found.p_signs,
    )
    recent = after.since(window.end_index - round(RECENT_S * window.fs_hz))
    return WatchedBeats((*recent, *newest), final, after, believed)
