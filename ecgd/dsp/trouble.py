"""Which electrode, or what else, makes leads unusable: told from how the noise is spread.

Each limb lead is the difference of two electrodes (I = LA - RA, II = LL - RA, III = LL - LA), so
noise that comes from one electrode is in two of them and cancels in the third. With independent
sources the power of a lead is the sum of its electrodes', and three leads give three electrodes.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ecgd.dsp.quality import ELECTRODE_OFF, FLAT, GAPS, SATURATED, USABLE_SQI, leads_without
from ecgd.model.finding import LeadQuality
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray, Prepared, Window
from ecgd.model.trouble import Cause, SignalTrouble

ONE_ELECTRODE: Final = 0.8
"""Share of the noise that must come from one electrode for it to be named."""

MOTION_RATIO: Final = 20.0
"""Power of the slow steps over that above 35 Hz from which it is movement, not muscle. With the
noises of NSTDB on clean PTB-XL the median is about 100 for electrode motion and 2 for muscle."""

STEP_S: Final = 0.2
MUSCLE_HZ: Final = 35.0
MAINS_HZ: Final = (50.0, 60.0)
MAINS_REACH_HZ: Final = 1.0
HUM_SHARE: Final = 0.5
"""Share of the power above 35 Hz that lies at the mains, in the signal as it came."""

_ELECTRODES: Final = ("LA", "RA", "LL")
_BIPOLAR: Final = ("I", "II", "III")
_FROM_LEADS: Final = np.array([[1, -1, 1], [1, 1, -1], [-1, 1, 1]]) / 2
"""Power of LA, RA and LL from that of I, II and III."""


def find_troubles(
    window: Window, prepared: Prepared, quality: tuple[LeadQuality, ...]
) -> tuple[SignalTrouble, ...]:
    """Say why leads are unusable, the plainest evidence first; empty where all show their beats."""
    bad = [lead for lead in quality if not lead.usable]
    if not bad:
        return _too_small(quality)
    told = _electrodes_off(window, bad)
    explained = {lead for trouble in told for lead in trouble.leads}
    for reason, cause in (
        (GAPS, Cause.GAPS),
        (SATURATED, Cause.SATURATED),
        (FLAT, Cause.FLAT),
    ):
        leads = _leads_with(reason, bad, explained)
        told += [SignalTrouble(cause, leads)] if leads else []
        explained.update(leads)
    noisy = [lead for lead in bad if lead.lead not in explained]
    limb = [lead for lead in noisy if lead.lead in LIMB_LEADS]
    if limb:
        told.append(_noise_of_limbs(prepared, limb))
    for lead in noisy:
        if lead.lead not in LIMB_LEADS and not limb:
            told.append(_noise_of_chest(prepared, lead))
    return tuple(told)


def _too_small(quality: tuple[LeadQuality, ...]) -> tuple[SignalTrouble, ...]:
    """Leads that are all usable and none shows its beats are still: their signal is too small."""
    if any(lead.sqi >= USABLE_SQI for lead in quality):
        return ()
    return (SignalTrouble(Cause.SMALL, tuple(lead.lead for lead in quality)),)


def _electrodes_off(window: Window, bad: list[LeadQuality]) -> list[SignalTrouble]:
    off = _leads_with(ELECTRODE_OFF, bad, set())
    return [
        SignalTrouble(
            Cause.ELECTRODE_OFF,
            tuple(lead for lead in off if lead in leads_without(electrode, off)),
            electrode.upper(),
        )
        for electrode in sorted(window.electrodes_off or ())
    ]


def _leads_with(reason: str, bad: list[LeadQuality], explained: set[str]) -> tuple[str, ...]:
    return tuple(lead.lead for lead in bad if reason in lead.reasons and lead.lead not in explained)


def _noise_of_limbs(prepared: Prepared, noisy: list[LeadQuality]) -> SignalTrouble:
    leads = tuple(lead.lead for lead in noisy)
    known = [prepared.leads.index(lead) for lead in _BIPOLAR if lead in prepared.leads]
    seen_mv = _valid(prepared, [prepared.leads.index(lead) for lead in leads])
    moving = is_motion(seen_mv, prepared.fs_hz)
    hum = not moving and hum_share(seen_mv, prepared.fs_hz) > HUM_SHARE
    power = _step_power if moving else _fast_power
    electrode = None
    if len(known) == len(_BIPOLAR):
        electrode = common_electrode(power(_valid(prepared, known), prepared.fs_hz))
    return SignalTrouble(_cause(moving, hum, electrode), leads, electrode)


def _noise_of_chest(prepared: Prepared, lead: LeadQuality) -> SignalTrouble:
    """A chest lead that is bad while the limb leads are not: its own electrode is the cause."""
    seen_mv = _valid(prepared, [prepared.leads.index(lead.lead)])
    moving = is_motion(seen_mv, prepared.fs_hz)
    hum = not moving and hum_share(seen_mv, prepared.fs_hz) > HUM_SHARE
    return SignalTrouble(_cause(moving, hum, lead.lead), (lead.lead,), lead.lead)


def _cause(moving: bool, hum: bool, electrode: str | None) -> Cause:
    if moving:
        return Cause.MOTION if electrode is None else Cause.LOOSE
    if hum:
        return Cause.HUM if electrode is None else Cause.DRY
    return Cause.MUSCLE


def common_electrode(power: FloatArray) -> str | None:
    """Return the electrode from which most of the power of I, II and III (3,) comes, if one."""
    sources = np.maximum(_FROM_LEADS @ power, 0.0)
    largest = int(sources.argmax())
    if sources[largest] < ONE_ELECTRODE * sources.sum() or sources[largest] <= 0:
        return None
    return _ELECTRODES[largest]


def is_motion(raw_mv: FloatArray, fs_hz: float) -> bool:
    """Tell whether slow steps outweigh fast noise in ``raw_mv`` (lead, sample)."""
    slow, fast = _step_power(raw_mv, fs_hz).sum(), _fast_power(raw_mv, fs_hz).sum()
    return bool(slow > MOTION_RATIO * fast)


def hum_share(raw_mv: FloatArray, fs_hz: float) -> float:
    """Return how much of the power above 35 Hz of ``raw_mv`` (lead, sample) lies at the mains."""
    power = (np.abs(np.fft.rfft(raw_mv, axis=1)) ** 2).sum(axis=0)
    hz = np.arange(power.size) * fs_hz / raw_mv.shape[1]
    at_mains = sum(np.abs(hz - mains_hz) <= MAINS_REACH_HZ for mains_hz in MAINS_HZ)
    fast = float(power[hz >= MUSCLE_HZ].sum())
    return float(power[np.asarray(at_mains, np.bool_)].sum()) / fast if fast > 0 else 0.0


def _valid(prepared: Prepared, rows: list[int]) -> FloatArray:
    raw_mv = prepared.raw_mv[rows][:, prepared.valid]
    centred: FloatArray = raw_mv - raw_mv.mean(axis=1, keepdims=True)
    return centred


def _step_power(raw_mv: FloatArray, fs_hz: float) -> FloatArray:
    """Return the power of the changes of the mean from one fifth of a second to the next."""
    length = max(1, min(round(STEP_S * fs_hz), raw_mv.shape[1] // 2))
    count = raw_mv.shape[1] // length
    means = raw_mv[:, : count * length].reshape(raw_mv.shape[0], count, length).mean(axis=2)
    power: FloatArray = (np.diff(means, axis=1) ** 2).mean(axis=1)
    return power


def _fast_power(raw_mv: FloatArray, fs_hz: float) -> FloatArray:
    """Return the power above 35 Hz, QRS and all."""
    spectrum = 2 * np.abs(np.fft.rfft(raw_mv, axis=1) / raw_mv.shape[1]) ** 2
    hz = np.arange(spectrum.shape[1]) * fs_hz / raw_mv.shape[1]
    power: FloatArray = spectrum[:, hz >= MUSCLE_HZ].sum(axis=1)
    return power
