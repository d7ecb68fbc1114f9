"""The signal of a report: what the store holds around a decision, and where its beats lie."""

from __future__ import annotations

import logging
import time
from typing import Final

import numpy as np

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.dsp.derivation import complete_limb_leads, derivation_sources
from ecgd.inference.scorer import NoModels
from ecgd.model.device import DeviceInfo
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import BoolArray, FloatArray, Window
from ecgd.paper.strip import Strip
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.store.entries import Waveform

_log = logging.getLogger(__name__)

PAPER_ORDER: Final = ("I", "II", "III", "aVR", "aVL", "aVF")
"""As clinicians expect them: Einthoven's, then Goldberger's."""

ST_AFTER_J_S: Final = 0.04


def strip_of(
    pieces: tuple[Waveform, ...],
    sample_index: int,
    before_s: float,
    after_s: float,
    analysis: AnalysisSettings,
) -> Strip | None:
    """Return the strip around a decision; None: nothing of it is stored.

    What the store lacks is NaN. Leads that were not measured follow from two that were.
    """
    held = [piece for piece in pieces if piece.blocks]
    if not held:
        return None
    fs_hz, measured = held[0].fs_hz, held[0].leads
    start = sample_index - round(before_s * fs_hz)
    length = round((before_s + after_s) * fs_hz)
    signal_mv = np.full((len(measured), length), np.nan)
    for piece in held:
        if piece.leads == measured and piece.fs_hz == fs_hz:
            _lay(piece, start, signal_mv)
    if not np.isfinite(signal_mv).any():
        return None
    leads, whole_mv = complete_limb_leads(measured, signal_mv)
    beats = _beats(leads, whole_mv, fs_hz, held[0], analysis)
    order: list[str] = [lead for lead in PAPER_ORDER if lead in leads]
    order += [lead for lead in leads if lead not in PAPER_ORDER]
    rows = whole_mv[[leads.index(lead) for lead in order]]
    return Strip(tuple(order), rows, fs_hz, sample_index - start, beats)


def strip_of_window(window: Window) -> Strip:
    """Return a window as a strip, with the decision at its end."""
    order: list[str] = [lead for lead in PAPER_ORDER if lead in window.leads]
    order += [lead for lead in window.leads if lead not in PAPER_ORDER]
    rows = window.signal_mv[[window.leads.index(lead) for lead in order]]
    signal_mv = np.where(window.valid, rows, np.nan)
    return Strip(tuple(order), signal_mv, window.fs_hz, signal_mv.shape[1])


def derived_leads(measured: tuple[str, ...]) -> tuple[str, ...]:
    """Return the limb leads that are computed from two measured ones."""
    if len(derivation_sources(measured)) < 2:
        return ()
    return tuple(lead for lead in PAPER_ORDER if lead not in measured)


def _lay(piece: Waveform, start: int, signal_mv: FloatArray) -> None:
    """Write the samples of a piece where they belong."""
    length = signal_mv.shape[1]
    for block in piece.blocks:
        first, last = max(block.start_index, start), min(block.end_index, start + length)
        if first >= last:
            continue
        taken = slice(first - block.start_index, last - block.start_index)
        counts = block.counts[:, taken].astype(np.float64)
        mv = (counts - piece.baseline_counts) / piece.counts_per_mv
        signal_mv[:, first - start : last - start] = np.where(block.valid[taken], mv, np.nan)


def _beats(
    leads: tuple[str, ...],
    signal_mv: FloatArray,
    fs_hz: float,
    piece: Waveform,
    settings: AnalysisSettings,
) -> tuple[tuple[int, int], ...]:
    """Return each beat's J point and where its ST was measured, found anew in this strip."""
    if leads[: len(LIMB_LEADS)] != LIMB_LEADS:
        return ()
    valid: BoolArray = np.array(np.isfinite(signal_mv).all(axis=0))
    window = Window(
        start_index=0,
        fs_hz=fs_hz,
        leads=leads,
        signal_mv=np.where(valid, signal_mv, 0.0),
        valid=valid,
        arrived_s=0.0,
        device=DeviceInfo("stored", fs_hz, piece.leads, piece.counts_per_mv),
    )
    analysis = Analysis(settings, EnsembleSettings(), NoModels("not asked"), time.monotonic)
    try:
        beats = analysis.assess(window, History(), last=True).assessment.beats
    except Exception as error:  # noqa: BLE001 - a strip without marks is better than no report
        _log.warning("no beats are marked on the strip: %s", error)
        return ()
    after = round(ST_AFTER_J_S * fs_hz)
    ends = (beat.waves.qrs_end for beat in beats if beat.waves is not None)
    return tuple((int(end), int(end) + after) for end in ends)
