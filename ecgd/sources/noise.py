"""Noise of three electrodes: baseline wander, muscle, mains.

It is made as electrode potentials, so the limb-lead identities hold in noise as they do in life.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.model.signal import FloatArray

_WANDER_HZ: Final = (0.05, 0.12, 0.22, 0.33)
_MUSCLE_BAND_HZ: Final = (20.0, 100.0)


@dataclass(frozen=True, slots=True)
class NoiseLevels:
    """Root mean square of each kind of noise in a bipolar lead, in mV."""

    wander_mv: float = 0.0
    muscle_mv: float = 0.0
    mains_mv: float = 0.0
    mains_hz: float = 50.0


NOISE_PRESETS: Final[dict[str, NoiseLevels]] = {
    "none": NoiseLevels(),
    "mild": NoiseLevels(wander_mv=0.03, muscle_mv=0.006, mains_mv=0.004),
    "strong": NoiseLevels(wander_mv=0.25, muscle_mv=0.05, mains_mv=0.04),
}


class ElectrodeNoise:
    """Endless noise of RA, LA and LL; the same samples however they are asked for."""

    def __init__(self, levels: NoiseLevels, fs_hz: float, rng: np.random.Generator) -> None:
        self._levels = levels
        self._fs_hz = fs_hz
        self._rng = rng
        self._wander_phase = rng.uniform(0, 2 * math.pi, (3, len(_WANDER_HZ)))
        self._mains_phase = rng.uniform(0, 2 * math.pi, 3)
        high_hz = min(_MUSCLE_BAND_HZ[1], 0.45 * fs_hz)
        # Not above: a daemon without a synthetic patient does without scipy.signal's 80 MB.
        from scipy import signal  # noqa: PLC0415

        self._filter = signal.sosfilt
        self._sos = signal.butter(
            2, (_MUSCLE_BAND_HZ[0], high_hz), btype="bandpass", output="sos", fs=fs_hz
        )
        self._state = np.zeros((self._sos.shape[0], 3, 2))
        _, response = signal.sosfreqz(self._sos, worN=4096)
        self._muscle_gain = 1.0 / math.sqrt(float(np.mean(np.abs(response) ** 2)))

    def take(self, start_index: int, sample_count: int) -> FloatArray:
        """Return the next potentials in mV, shape (3, sample), rows RA, LA, LL."""
        time_s = (start_index + np.arange(sample_count)) / self._fs_hz
        levels = self._levels
        noise = np.zeros((3, sample_count))
        # Two independent electrodes make a lead: each carries 1/√2 of the lead's noise.
        if levels.wander_mv > 0:
            noise += levels.wander_mv / math.sqrt(2) * self._wander(time_s)
        if levels.muscle_mv > 0:
            noise += levels.muscle_mv / math.sqrt(2) * self._muscle(sample_count)
        if levels.mains_mv > 0:
            noise += levels.mains_mv / math.sqrt(2) * self.mains(time_s)
        return noise

    def mains(self, time_s: FloatArray) -> FloatArray:
        """Return mains hum of RMS 1 on each electrode, shape (3, sample)."""
        angle = 2 * math.pi * self._levels.mains_hz * time_s[None, :] + self._mains_phase[:, None]
        hum: FloatArray = math.sqrt(2) * np.sin(angle)
        return hum

    def _wander(self, time_s: FloatArray) -> FloatArray:
        angle = 2 * math.pi * np.array(_WANDER_HZ)[None, :, None] * time_s[None, None, :]
        waves = np.sin(angle + self._wander_phase[:, :, None])
        wander: FloatArray = waves.sum(axis=1) * math.sqrt(2 / len(_WANDER_HZ))
        return wander

    def _muscle(self, sample_count: int) -> FloatArray:
        white = self._rng.standard_normal((sample_count, 3)).T
        filtered, self._state = self._filter(self._sos, white, axis=1, zi=self._state)
        muscle: FloatArray = self._muscle_gain * filtered
        return muscle
