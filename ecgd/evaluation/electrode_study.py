"""Which electrode is named: recorded noise on one electrode of a clean recording.

The noise is put on an electrode's potential, so that two of I, II and III have it and the third
has not, or on all three independently. Constructed: the hearts and the noises are real.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.config.settings import AnalysisSettings
from ecgd.dsp.prepare import prepare
from ecgd.dsp.quality import assess_quality
from ecgd.dsp.trouble import find_troubles
from ecgd.evaluation.databases import read_noise, read_table
from ecgd.evaluation.short_records import FS_HZ, LEADS
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import FloatArray, Window
from ecgd.model.trouble import Cause

IN_LEADS: Final = {"RA": (-1.0, -1.0), "LA": (1.0, 0.0), "LL": (0.0, 1.0)}
"""How an electrode's potential enters leads I and II."""

SIZES_MV: Final = {"em": 1.5, "ma": 0.5}
"""Standard deviation of the noise at the electrode: most windows are spoilt by it."""

WINDOW: Final = 1250


@dataclass(frozen=True, slots=True)
class ElectrodeRow:
    """One window: ``spoilt`` is the electrode with the noise, "" all; None: nothing was told."""

    noise: str
    spoilt: str
    told: bool
    named: str | None
    cause: Cause | None


def study_electrodes(ptbxl: Path, noises: Path, first: int, step: int) -> list[ElectrodeRow]:
    """Spoil every ``step``-th raw, normal record from ``first`` on."""
    labels = read_table(ptbxl / "labels.csv")
    held = np.load(ptbxl / "limb250_uV.npy", mmap_mode="r")
    raw = [
        number
        for number, label in enumerate(labels)
        if label["processing"] == "raw" and "NORM" in label["super_class"]
    ]
    rng = np.random.default_rng(first)
    rows: list[ElectrodeRow] = []
    for number in raw[first::step]:
        signal_mv = np.asarray(held[number][:2, :WINDOW], dtype=np.float64) / 1000
        rows += _spoilt_rows(signal_mv, noises, rng)
    return rows


def _spoilt_rows(
    signal_mv: FloatArray, noises: Path, rng: np.random.Generator
) -> Iterator[ElectrodeRow]:
    for kind, size_mv in SIZES_MV.items():
        noise_mv = read_noise(noises, kind).signal_mv
        for spoilt in (*IN_LEADS, ""):
            mixed = signal_mv.copy()
            for electrode, effect in IN_LEADS.items():
                if spoilt in (electrode, ""):
                    mixed += size_mv * np.outer(effect, _piece(noise_mv, rng))
            yield _told_of(mixed, kind, spoilt)


def _piece(noise_mv: FloatArray, rng: np.random.Generator) -> FloatArray:
    start = int(rng.integers(0, noise_mv.shape[1] - WINDOW))
    piece = noise_mv[int(rng.integers(2)), start : start + WINDOW]
    unit: FloatArray = (piece - piece.mean()) / piece.std()
    return unit


def _told_of(signal_mv: FloatArray, kind: str, spoilt: str) -> ElectrodeRow:
    device = DeviceInfo("study", FS_HZ, LEADS, 1000.0)
    valid = np.ones(signal_mv.shape[1], dtype=np.bool_)
    window = Window(0, FS_HZ, LEADS, signal_mv, valid, 0.0, device)
    prepared = prepare(window, AnalysisSettings())
    troubles = find_troubles(window, prepared, assess_quality(window, prepared))
    if not troubles:
        return ElectrodeRow(kind, spoilt, False, None, None)
    return ElectrodeRow(kind, spoilt, True, troubles[0].electrode, troubles[0].cause)


def electrode_section(rows: Iterable[ElectrodeRow]) -> str:
    """Return how often the electrode, and the cause, were named rightly."""
    held = list(rows)
    return (
        "## Which electrode is named (constructed)\n\n"
        "Electrode motion and muscle noise of NSTDB on one electrode, or on all three, of normal\n"
        "recordings of PTB-XL. Counted are windows in which a lead became unusable.\n\n"
        "| noise | on | windows told | right electrode, or none | causes told |\n"
        "|---|---|---|---|---|\n"
        + "".join(
            _line(noise, spoilt, [r for r in held if (r.noise, r.spoilt) == (noise, spoilt)])
            for noise in SIZES_MV
            for spoilt in (*IN_LEADS, "")
        )
    )


def _line(noise: str, spoilt: str, rows: list[ElectrodeRow]) -> str:
    told = [row for row in rows if row.told]
    right = sum(row.named == (spoilt or None) for row in told)
    causes = Counter(row.cause.value for row in told if row.cause is not None)
    words = ", ".join(f"{cause} {count}" for cause, count in causes.most_common())
    share = f"{100 * right / len(told):.1f} %" if told else "–"
    return f"| {noise} | {spoilt or 'all'} | {len(told)} of {len(rows)} | {share} | {words} |\n"
