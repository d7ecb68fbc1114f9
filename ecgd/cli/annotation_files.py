"""WFDB annotation files of an analysed recording: beats, and wave boundaries per lead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from ecgd.errors import EcgdError
from ecgd.model.beat import Beat, Waves
from ecgd.model.leads import LIMB_LEADS

BEAT_EXTENSION: Final = "qrs"

Mark = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Wave:
    """One wave in one lead; what was not found is None."""

    symbol: str
    onset: int | None
    peak: int | None
    end: int | None

    @property
    def samples(self) -> list[int]:
        return [sample for sample in (self.onset, self.peak, self.end) if sample is not None]

    @property
    def is_sound(self) -> bool:
        samples = self.samples
        return bool(samples) and samples[0] >= 0 and samples == sorted(samples)


@dataclass(slots=True)
class Annotations:
    """Marks of one recording, in its own sampling; beats may come in any order."""

    beats: list[Mark] = field(default_factory=list)
    waves: dict[str, list[_Wave]] = field(default_factory=dict)

    def add(self, beat: Beat) -> None:
        """Take the marks of one beat."""
        self.beats.append((int(beat.r_peak), beat.beat_class.value))
        for lead, waves in zip(beat.leads, beat.lead_waves, strict=False):
            if lead in LIMB_LEADS and waves is not None:
                self.waves.setdefault(lead, []).extend(_waves_of(waves, int(beat.r_peak)))

    def write(self, directory: Path, record_name: str, fs_hz: float) -> tuple[Path, ...]:
        """Write ``record_name``.qrs and one file per limb lead that has marks.

        Returns the files. A recording without a beat gets none, for WFDB has no empty
        annotation file. Raises EcgdError when wfdb is not installed or a file cannot be written.
        """
        write = _writer()
        found = {BEAT_EXTENSION: _in_order(self.beats)}
        for lead, waves in self.waves.items():
            found[lead.lower()] = marks_of(waves)
        written = []
        try:
            directory.mkdir(parents=True, exist_ok=True)
            for extension, marks in found.items():
                if marks:
                    write(record_name, extension, marks, fs_hz, directory)
                    written.append(directory / f"{record_name}.{extension}")
        except OSError as wrong:
            raise EcgdError(
                f"cannot write annotations to {directory}: {wrong.strerror or wrong}",
                "name a directory that this user may write to with --annotations",
            ) from wrong
        return tuple(written)


def annotation_name(path: Path) -> str:
    """Return the record name of a recording's files: WFDB takes letters, digits, - and _ only."""
    return re.sub(r"[^-\w]", "_", path.stem, flags=re.ASCII) or "recording"


def marks_of(waves: Iterable[_Wave]) -> list[Mark]:
    """Return the marks of waves, in order, where no wave begins before the last one ended.

    An end that runs into the next wave is drawn back to that wave's beginning. Of two waves that
    overlap by more, one is none: the QRS stays, else the earlier one.
    """
    kept: list[_Wave] = []
    for wave in sorted((w for w in waves if w.is_sound), key=lambda w: w.samples[0]):
        if _make_room(kept, wave):
            kept.append(wave)
    marks: list[Mark] = []
    for wave in kept:
        placed = ((wave.onset, "("), (wave.peak, wave.symbol), (wave.end, ")"))
        marks.extend((sample, symbol) for sample, symbol in placed if sample is not None)
    return marks


def _make_room(kept: list[_Wave], wave: _Wave) -> bool:
    """Draw back or drop what ``wave`` overlaps; False: ``wave`` itself has to go."""
    begin = wave.samples[0]
    while kept and kept[-1].samples[-1] >= begin:
        before = kept[-1]
        if before.end is not None and before.peak is not None and before.peak < begin:
            kept[-1] = replace(before, end=begin)
            return True
        if before.symbol == "N" or wave.symbol != "N":
            return False
        kept.pop()
    return True


def _waves_of(waves: Waves, r_peak: int) -> list[_Wave]:
    # The R peak is that of all leads together and may lie just outside this lead's QRS.
    r_peak = min(max(r_peak, waves.qrs_onset), waves.qrs_end)
    return [
        _Wave("p", waves.p_onset, waves.p_peak, waves.p_end),
        _Wave("N", waves.qrs_onset, r_peak, waves.qrs_end),
        _Wave("t", waves.t_onset, waves.t_peak, waves.t_end),
    ]


def _in_order(beats: Iterable[Mark]) -> list[Mark]:
    """Sort beats; two at one sample are one."""
    return sorted({sample: symbol for sample, symbol in beats if sample >= 0}.items())


def _writer() -> Callable[[str, str, list[Mark], float, Path], None]:
    try:
        import numpy as np  # noqa: PLC0415 - wfdb is an extra, and slow to load
        import wfdb  # noqa: PLC0415
    except ImportError as missing:
        raise EcgdError(
            "writing annotation files needs the package wfdb",
            'install it: pip install "ecgd[records]"',
        ) from missing

    def write(name: str, extension: str, marks: list[Mark], fs_hz: float, to: Path) -> None:
        samples: Any = np.array([sample for sample, _ in marks], dtype=np.int64)
        symbols = [symbol for _, symbol in marks]
        wfdb.wrann(name, extension, samples, symbols, fs=fs_hz, write_dir=str(to))

    return write
