"""Annotated databases as their owners publish them, read with the wfdb library."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.errors import RecordingError
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import FloatArray
from ecgd.sources.recording import Recording, read_recording

BEAT_SYMBOLS: Final = frozenset("NLRBAaJSVrFejnE/fQ?")
"""Annotations that stand for a beat (WFDB)."""

WAVE_SYMBOLS: Final = {"p": "P", "N": "QRS", "t": "T"}

NOISE_KINDS: Final = ("bw", "em", "ma")
"""Baseline wander, electrode motion, muscle."""


@dataclass(frozen=True, slots=True)
class ReferenceBeats:
    """Beats as experts marked them, in s; ``unscored_s`` are stretches without marks."""

    times_s: tuple[float, ...]
    symbols: tuple[str, ...]
    unscored_s: tuple[tuple[float, float], ...] = ()

    def shifted(self, by_s: float) -> ReferenceBeats:
        """Return the same marks on another clock."""
        return ReferenceBeats(
            tuple(time_s + by_s for time_s in self.times_s),
            self.symbols,
            tuple((begin_s + by_s, end_s + by_s) for begin_s, end_s in self.unscored_s),
        )


@dataclass(frozen=True, slots=True)
class Wave:
    """One marked wave, in s; None: not marked."""

    kind: str
    onset_s: float | None
    peak_s: float
    end_s: float | None

    def shifted(self, by_s: float) -> Wave:
        """Return the same wave on another clock."""
        onset_s = None if self.onset_s is None else self.onset_s + by_s
        end_s = None if self.end_s is None else self.end_s + by_s
        return Wave(self.kind, onset_s, self.peak_s + by_s, end_s)


def records_of(folder: Path) -> tuple[str, ...]:
    """Return the names of a folder's WFDB records. Raises RecordingError where there are none."""
    names = tuple(sorted(path.stem for path in folder.glob("*.hea")))
    if not names:
        raise RecordingError(f"{folder}: holds no WFDB record", "Name the databases with --data.")
    return names


def read_beats(record: Path, extension: str = "atr") -> ReferenceBeats:
    """Return the beats; ventricular flutter, which has none, is a stretch that is not scored."""
    import wfdb  # noqa: PLC0415 - of the extra eval

    marks = wfdb.rdann(str(record), extension)
    fs_hz = float(marks.fs or wfdb.rdheader(str(record)).fs)
    beats = [
        (at / fs_hz, symbol)
        for at, symbol in zip(marks.sample.tolist(), marks.symbol, strict=True)
        if symbol in BEAT_SYMBOLS
    ]
    flutter = list(_flutter(marks.sample.tolist(), marks.symbol, fs_hz))
    return ReferenceBeats(
        tuple(time_s for time_s, _ in beats), tuple(symbol for _, symbol in beats), tuple(flutter)
    )


def _flutter(samples: list[int], symbols: list[str], fs_hz: float) -> Iterator[tuple[float, float]]:
    begun: int | None = None
    for at, symbol in zip(samples, symbols, strict=True):
        if symbol == "[":
            begun = at
        elif symbol == "]" and begun is not None:
            yield begun / fs_hz, at / fs_hz
            begun = None


def read_waves(record: Path, extension: str) -> tuple[Wave, ...]:
    """Return the waves of one annotation file in which "(" and ")" enclose each wave's peak."""
    import wfdb  # noqa: PLC0415 - of the extra eval

    marks = wfdb.rdann(str(record), extension)
    fs_hz = float(marks.fs or wfdb.rdheader(str(record)).fs)
    samples, symbols = marks.sample.tolist(), marks.symbol
    waves = []
    for k, symbol in enumerate(symbols):
        if symbol not in WAVE_SYMBOLS:
            continue
        onset = samples[k - 1] / fs_hz if k and symbols[k - 1] == "(" else None
        closed = k + 1 < len(symbols) and symbols[k + 1] == ")"
        end = samples[k + 1] / fs_hz if closed else None
        waves.append(Wave(WAVE_SYMBOLS[symbol], onset, samples[k] / fs_hz, end))
    return tuple(waves)


def read_ludb(folder: Path, name: str) -> Recording:
    """Return the six limb leads. The header's gain is wrong: a count is a microvolt."""
    return read_recording(folder / name, leads=LIMB_LEADS, unit="uV")


def read_table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file by column."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True, slots=True, eq=False)
class Noise:
    """Recorded noise: ``signal_mv`` is (2, sample)."""

    fs_hz: float
    signal_mv: FloatArray


def read_noise(folder: Path, kind: str) -> Noise:
    """Return a noise of NSTDB ("bw", "em" or "ma"): its WFDB record, or one array of all three."""
    array = folder / "noise250_uV.npy"
    if array.exists():
        held = np.load(array, mmap_mode="r")[NOISE_KINDS.index(kind)]
        return Noise(250.0, np.asarray(held, dtype=np.float64) / 1000)
    recording = read_recording(folder / kind)
    return Noise(recording.fs_hz, recording.counts / recording.device.counts_per_mv)
