"""The synthetic patient: heart, noise and electrodes, as an endless and seeded signal."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ecgd.model.signal import FloatArray
from ecgd.sources.dipole import (
    SUPPORT_S,
    BeatKind,
    StVector,
    beat_vector,
    st_plateau,
    unit_leads,
)
from ecgd.sources.noise import NOISE_PRESETS, ElectrodeNoise, NoiseLevels
from ecgd.sources.rhythm import BeatSchedule, Rhythm, ScheduledBeat

ELECTRODES: Final = ("RA", "LA", "LL", "RL")

_LOOSE_RAIL_MV = 6.0
_LOOSE_HUM_MV = 0.5
_UNDRIVEN_HUM_MV = 1.0
_FIBRILLATION_HZ = 5.8
_FIBRILLATION_MV = 0.06
_FIBRILLATION_DEG = 75.0


@dataclass(frozen=True, slots=True)
class ElectrodeOff:
    """One electrode hangs loose from ``start_s`` to ``end_s``."""

    electrode: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Patient:
    """What the synthetic patient has. Fractions are of all beats."""

    rhythm: Rhythm = Rhythm.SINUS
    rate_bpm: float = 72.0
    st: StVector | None = None
    noise: NoiseLevels = field(default_factory=lambda: NOISE_PRESETS["mild"])
    electrode_off: tuple[ElectrodeOff, ...] = ()
    pvc_fraction: float = 0.0
    pac_fraction: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class PatientBlock:
    """Consecutive samples and the truth about them.

    ``signal_mv`` has shape (2, sample): leads I and II. ``beats`` are those whose R peak lies in
    the block. ``electrodes_off`` names the electrodes that were loose at any time in it.
    """

    start_index: int
    signal_mv: FloatArray
    beats: tuple[ScheduledBeat, ...]
    electrodes_off: frozenset[str]


class PatientSignal:
    """Generates a patient's signal block by block, without end and in bounded memory.

    The same patient at the same ``fs_hz`` gives the same samples however they are asked for.
    """

    def __init__(self, patient: Patient, fs_hz: float) -> None:
        beats_rng, noise_rng, atria_rng = (
            np.random.default_rng(seed) for seed in np.random.SeedSequence(patient.seed).spawn(3)
        )
        self.patient = patient
        self.fs_hz = fs_hz
        self.position = 0
        self._schedule = BeatSchedule(
            patient.rhythm,
            patient.rate_bpm,
            pvc_fraction=patient.pvc_fraction,
            pac_fraction=patient.pac_fraction,
            rng=beats_rng,
        )
        self._noise = ElectrodeNoise(patient.noise, fs_hz, noise_rng)
        self._atria_phase = atria_rng.uniform(0, 2 * math.pi, 3)
        self._near: deque[ScheduledBeat] = deque()

    def take(self, sample_count: int) -> PatientBlock:
        """Return the next ``sample_count`` samples."""
        start = self.position
        self.position += sample_count
        time_s = np.arange(start, self.position) / self.fs_hz
        start_s, end_s = start / self.fs_hz, self.position / self.fs_hz
        self._near.extend(self._schedule.until(end_s - SUPPORT_S[0]))
        while self._near and self._near[0].r_s + SUPPORT_S[1] < start_s:
            self._near.popleft()
        potentials = self._noise.take(start, sample_count)
        heart_mv = self._heart_mv(time_s)
        potentials[1] += heart_mv[0]
        potentials[2] += heart_mv[1]
        signal_mv, loose = self._through_electrodes(potentials, time_s)
        beats = tuple(beat for beat in self._near if start_s <= beat.r_s < end_s)
        return PatientBlock(start, signal_mv, beats, loose)

    def _heart_mv(self, time_s: FloatArray) -> FloatArray:
        """Return leads I and II, shape (2, sample), as the heart alone makes them."""
        heart_mv = np.zeros((2, time_s.size))
        for beat in self._near:
            near = slice(*np.searchsorted(time_s, np.array(SUPPORT_S) + beat.r_s))
            after_r_s = time_s[near] - beat.r_s
            if after_r_s.size:
                heart_mv[:, near] += beat_vector(beat.kind, beat.rr_s, after_r_s)
                heart_mv[:, near] += self._st_mv(beat, after_r_s)
        if self.patient.rhythm is Rhythm.AF:
            heart_mv += self._fibrillation_mv(time_s)
        return heart_mv

    def _st_mv(self, beat: ScheduledBeat, after_r_s: FloatArray) -> FloatArray:
        st = self.patient.st
        if st is None or beat.kind is BeatKind.PVC:
            return np.zeros((2, after_r_s.size))
        level_mv = unit_leads(st.angle_deg) * st.length_at(beat.r_s)
        segment: FloatArray = level_mv[:, None] * st_plateau(beat.rr_s, after_r_s)
        return segment

    def _fibrillation_mv(self, time_s: FloatArray) -> FloatArray:
        """Atrial fibrillation: waves near 5.8 Hz of slowly wandering rate and height."""
        first, second, third = self._atria_phase
        angle = 2 * math.pi * _FIBRILLATION_HZ * time_s + 2.5 * np.sin(0.9 * time_s + first)
        height = 1.0 + 0.4 * np.sin(0.53 * time_s + second)
        wave = _FIBRILLATION_MV * height * (np.sin(angle) + 0.35 * np.sin(2 * angle + third))
        leads: FloatArray = unit_leads(_FIBRILLATION_DEG)[:, None] * wave
        return leads

    def _through_electrodes(
        self, potentials: FloatArray, time_s: FloatArray
    ) -> tuple[FloatArray, frozenset[str]]:
        """Return leads I and II from RA, LA, LL, and which electrodes were loose.

        A loose electrode is drawn to the amplifier's rail and hums; without RL (the driven one)
        both leads hum.
        """
        loose = set()
        hum = self._noise.mains(time_s)
        for off in self.patient.electrode_off:
            during = (time_s >= off.start_s) & (time_s < off.end_s)
            if not during.any():
                continue
            loose.add(off.electrode)
            if off.electrode == "RL":
                potentials[:, during] += _UNDRIVEN_HUM_MV * hum[:, during]
            else:
                row = ELECTRODES.index(off.electrode)
                potentials[row, during] = _LOOSE_RAIL_MV + _LOOSE_HUM_MV * hum[row, during]
        ra, la, ll = potentials
        return np.stack((la - ra, ll - ra)), frozenset(loose)
