"""What the networks see of one patient: the one path to it, for the daemon and for training.

Three eyes look at three spans. The CNN sees the window itself, the LSTM the last ten seconds in
frames together with the beats found in them, the RNN a row of figures every ten seconds over the
last minutes. All are drawn from leads I and II in one band, so that a recording that somebody has
filtered looks like one that nobody has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.dsp.filters import band_pass, remove_drift
from ecgd.dsp.normalise import z_score
from ecgd.dsp.quality import FLAT, LOST_SIGNAL
from ecgd.model.beat import Beat, BeatClass
from ecgd.model.finding import LeadQuality
from ecgd.model.leads import DERIVATION, LIMB_LEADS
from ecgd.model.signal import FloatArray, Prepared

MODEL_FS_HZ: Final = 250.0
"""The networks' sampling rate (the document, stage 6)."""

PAIR: Final = ("I", "II")

BAND_HZ: Final = (0.67, 30.0)
BAND_ORDER: Final = 6
"""Inside the 0.5 to 40 Hz that the makers of filtered collections left."""

WINDOW_SAMPLES: Final = 1250
WINDOW_LIMIT: Final = 6.0
"""Deviations from the mean beyond which a sample is cut: int8 has 256 steps."""

STRIP_FS_HZ: Final = 50.0
STRIP_S: Final = 10.0
STRIP_LEAST_S: Final = 8.0
STRIP_EDGE_S: Final = 0.5
"""The strip's rate, length, and where a window's filtered signal gives way to an older one's."""

FRAME_SAMPLES: Final = 4
STRIP_SAMPLES: Final = round(STRIP_S * STRIP_FS_HZ)
FRAMES: Final = STRIP_SAMPLES // FRAME_SAMPLES
SQUASH: Final = 1.4
FRAME_LIMIT: Final = 4.0

BEAT_FIGURES: Final = (
    *("r_peak", "prematurity", "rr", "ventricular", "supraventricular", "p_wave", "qrs_width"),
    *("fibrillation", "oscillation"),
)
FRAME_FIGURES: Final = len(PAIR) * FRAME_SAMPLES + len(BEAT_FIGURES)

LEAST_VALID: Final = 0.9
"""A window with more holes than this is not shown."""

LEAST_SPREAD_MV: Final = 1e-6

_LOST: Final = LOST_SIGNAL | {FLAT}

_WEIGHTS: Final = np.array([DERIVATION[lead] for lead in LIMB_LEADS])


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The last seconds of leads I and II in mV: (2, sample) at ``STRIP_FS_HZ``.

    ``end`` is the sample after the last one, counted from index 0. ``beats`` are those in it,
    ``fs_hz`` the rate of their indices. ``oscillation`` and ``fibrillation`` are log-odds that the
    newest window shows a ventricular one, and that the strip shows an atrial one.
    """

    pair_mv: FloatArray
    end: int
    fs_hz: float
    beats: tuple[Beat, ...] = ()
    oscillation: float | None = None
    fibrillation: float | None = None

    @property
    def from_index(self) -> int:
        """The beats' index of the first sample."""
        held = int(self.pair_mv.shape[1])
        return round((self.end - held) * self.fs_hz / STRIP_FS_HZ)


def model_pair(
    prepared: Prepared, quality: Sequence[LeadQuality], drift_degree: int
) -> FloatArray | None:
    """Return leads I and II (2, sample) at 250 Hz in the networks' band, in mV.

    A lead that is not there, or whose signal is lost, is zeros. None: both are, or too much of
    the window is missing.
    """
    if prepared.valid.mean() < LEAST_VALID:
        return None
    lost = {each.lead for each in quality if not _LOST.isdisjoint(each.reasons)}
    heard = [lead in prepared.leads and lead not in lost for lead in PAIR]
    if not any(heard):
        return None
    rows = [prepared.leads.index(lead) for lead, kept in zip(PAIR, heard, strict=True) if kept]
    path_mv = prepared.st_path_mv[rows]
    if prepared.fs_hz != MODEL_FS_HZ:
        # Not above: the daemon does without scipy.signal's 80 MB unless a device needs it.
        from scipy.signal import resample_poly  # noqa: PLC0415

        up, down = round(MODEL_FS_HZ * 100), round(prepared.fs_hz * 100)
        path_mv = resample_poly(path_mv, up, down, axis=-1)
    pair_mv = np.zeros((len(PAIR), path_mv.shape[1]))
    level_mv = remove_drift(path_mv, drift_degree)
    pair_mv[np.array(heard)] = band_pass(level_mv, MODEL_FS_HZ, *BAND_HZ, BAND_ORDER, turned=False)
    return pair_mv


def window_input(pair_mv: FloatArray) -> FloatArray | None:
    """Return what the CNN sees, shape (..., 1250, 6), or None if the window is too short.

    The limb leads in the order of ``LIMB_LEADS``, z-scored each, a lost one as zeros. ``pair_mv``
    has shape (..., 2, sample).
    """
    if pair_mv.shape[-1] < WINDOW_SAMPLES:
        return None
    six_mv = z_score(_WEIGHTS @ pair_mv[..., -WINDOW_SAMPLES:])
    seen: FloatArray = np.clip(six_mv, -WINDOW_LIMIT, WINDOW_LIMIT).swapaxes(-1, -2)
    return seen


def extend_strip(
    before: Strip | None, pair_mv: FloatArray, start_index: int, fs_hz: float
) -> Strip:
    """Return the strip after one window, whose pair begins at ``start_index`` (of ``fs_hz``).

    The window takes the place of what older ones left, but for its first half second, where its
    filters had not settled.
    """
    start = round(start_index * STRIP_FS_HZ / fs_hz)
    step = round(MODEL_FS_HZ / STRIP_FS_HZ)
    count = pair_mv.shape[1] // step
    new_mv = pair_mv[:, : count * step].reshape(len(PAIR), count, step).mean(axis=-1)
    if before is not None and start <= before.end <= start + count:
        cut = min(before.end, start + round(STRIP_EDGE_S * STRIP_FS_HZ))
        kept = before.pair_mv[:, : before.pair_mv.shape[1] - (before.end - cut)]
        new_mv = np.concatenate((kept, new_mv[:, cut - start :]), axis=1)
    return Strip(new_mv[:, -STRIP_SAMPLES:], start + count, fs_hz)


def strip_input(strip: Strip | None) -> FloatArray | None:
    """Return what the LSTM sees, shape (125, 17), or None without enough of a strip.

    A frame of 80 ms holds four samples of I and four of II, and the ``BEAT_FIGURES`` of the beat
    that runs. What is not known is 0.
    """
    if strip is None or strip.pair_mv.shape[1] < STRIP_LEAST_S * STRIP_FS_HZ:
        return None
    whole_mv = np.zeros((len(PAIR), STRIP_SAMPLES))
    whole_mv[:, -strip.pair_mv.shape[1] :] = strip.pair_mv
    return np.concatenate((signal_frames(whole_mv), beat_frames(strip)), axis=1)


def signal_frames(pair_mv: FloatArray) -> FloatArray:
    """Return a strip (..., 2, 500) in frames (..., 125, 8).

    Both leads are counted in the larger of their root mean squares, and compressed.
    """
    spread_mv = np.sqrt((pair_mv**2).mean(axis=-1, keepdims=True).max(axis=-2, keepdims=True))
    counted = SQUASH * np.arcsinh(pair_mv / np.maximum(spread_mv, LEAST_SPREAD_MV))
    shape = (*pair_mv.shape[:-1], FRAMES, FRAME_SAMPLES)
    frames = np.moveaxis(counted.reshape(shape), -3, -2)
    clipped: FloatArray = np.clip(frames, -FRAME_LIMIT, FRAME_LIMIT)
    return clipped.reshape(*clipped.shape[:-2], len(PAIR) * FRAME_SAMPLES)


def beat_frames(strip: Strip) -> FloatArray:
    """Return the figures of the running beat in each frame, shape (125, 9)."""
    frames = np.zeros((FRAMES, len(BEAT_FIGURES)))
    for place, log_odds in ((-1, strip.oscillation), (-2, strip.fibrillation)):
        if log_odds is not None:
            frames[:, place] = log_odds / 2.0
    if not strip.beats:
        return np.clip(frames, -FRAME_LIMIT, FRAME_LIMIT)
    at_s = np.array([beat.r_peak for beat in strip.beats]) / strip.fs_hz
    rr_s = np.diff(at_s)
    usual_s = float(np.median(rr_s)) if rr_s.size else 0.0
    first = strip.end - STRIP_SAMPLES
    places = np.floor((at_s * STRIP_FS_HZ - first) / FRAME_SAMPLES).astype(np.int64)
    for k, (beat, place) in enumerate(zip(strip.beats, places.tolist(), strict=True)):
        if place >= FRAMES:
            break
        following = rr_s[k - 1] if k else None
        frames[max(0, place) :, :-2] = _beat_figures(beat, following, usual_s, strip.fs_hz)
    on_strip = places[(places >= 0) & (places < FRAMES)]
    frames[:, 0] = 0.0
    frames[on_strip, 0] = 2.0
    clipped: FloatArray = np.clip(frames, -FRAME_LIMIT, FRAME_LIMIT)
    return clipped


def _beat_figures(
    beat: Beat, rr_s: float | None, usual_s: float, fs_hz: float
) -> tuple[float, ...]:
    """Return ``BEAT_FIGURES`` but for the log-odds; ``rr_s`` is the interval before the beat."""
    known = rr_s is not None and rr_s > 0.0 and usual_s > 0.0
    width_s = None if beat.waves is None else (beat.waves.qrs_end - beat.waves.qrs_onset) / fs_hz
    p_wave = None if beat.waves is None else beat.waves.p_confidence
    return (
        2.0,
        4.0 * float(np.log2(rr_s / usual_s)) if known and rr_s is not None else 0.0,
        2.0 * float(np.log2(rr_s / 0.8)) if known and rr_s is not None else 0.0,
        2.0 * (beat.beat_class == BeatClass.V),
        2.0 * (beat.beat_class == BeatClass.S),
        0.0 if p_wave is None else 4.0 * (p_wave - 0.5),
        0.0 if width_s is None else (width_s - 0.09) / 0.02,
    )
