"""All that the networks learn from, gathered once and kept on disk in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.progress import Progress

import ecgd
from ecgd.config.settings import Settings
from ecgd.dsp.prepare import prepare
from ecgd.evaluation.anomaly_labels import Truth
from ecgd.evaluation.corpus import FS_HZ, PAIR, SHORT, Entry, read_entry
from ecgd.evaluation.databases import NOISE_KINDS, read_noise
from ecgd.evaluation.injection import AXES_DEG, Injury, inject, times_of
from ecgd.evaluation.rhythm_truth import read_marks
from ecgd.evaluation.stream import cut_recording, recording_of_uv, signal_of, with_signal
from ecgd.evaluation.trajectories import Trajectory, draw_trajectory, lay_over
from ecgd.model.beat import Beat
from ecgd.model.network_label import ANOMALY, INFARCTION, LABELS, ST_T
from ecgd.model.signal import BoolArray, Float32Array, FloatArray, IntArray
from ecgd.pipeline.model_inputs import model_pair
from ecgd.service.offline import windows_of
from ecgd.sources.recording import Recording
from ecgd.training.examples import Moments, gather_moments, watch
from ecgd.training.synthetic import SYNTHETIC, synthetic_entries, synthetic_recording

SEED: Final = 20

PART: Final = 40
"""Short recordings in one part."""

LONG_EVERY_S: Final = 10.0
LONG_HOP_S: Final = 2.0
"""Of long recordings a moment every so often is kept, from windows so far apart."""

COURSE_S: Final = 900.0
"""Trajectories are laid over so much of a recording."""

ALARM_FIRST_S: Final = 17.0
"""Of the 20 s before a monitor's alarm the last seconds show what it is about."""

INJURED_EVERY: Final = 3
NOISY_EVERY: Final = 4
INJURY_MV: Final = (0.12, 0.4)
NOISE_DB: Final = (3.0, 15.0)
NOISE_S: Final = 10.0
"""Every so often a normal record gets an injury, and any record noise, of a size in between."""


class Variant(StrEnum):
    """How a recording was changed before the analysis saw it."""

    PLAIN = "plain"
    INJURED = "injured"
    NOISY = "noisy"
    COURSE = "course"


@dataclass(frozen=True, slots=True)
class Part:
    """Recordings that are gathered into one file."""

    name: str
    variant: Variant
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Moments of many recordings; ``owners`` (moment,) index ``entries`` and ``variants``."""

    moments: Moments
    owners: IntArray
    entries: tuple[Entry, ...]
    variants: tuple[Variant, ...]

    @property
    def validates(self) -> BoolArray:
        """Whether each moment is of a patient who validates; shape (moment,)."""
        return np.array([entry.validates for entry in self.entries], np.bool_)[self.owners]

    def fingerprint(self) -> str:
        """Return what was learned from, as a hash."""
        digest = sha256()
        for entry, variant in zip(self.entries, self.variants, strict=True):
            digest.update(f"{entry.collection}/{entry.name}/{entry.patient}/{variant}".encode())
        for name in (field.name for field in fields(Moments)):
            digest.update(np.ascontiguousarray(getattr(self.moments, name)).tobytes())
        return digest.hexdigest()


def plan_parts(entries: Sequence[Entry], *, has_noise: bool = True) -> list[Part]:
    """Return all parts, the short recordings first; noisy copies only if there is noise."""
    parts: list[Part] = []
    for collection in (*SHORT, SYNTHETIC):
        own = [entry for entry in entries if entry.collection == collection]
        normal = [e for e in own if e.truth.get(ANOMALY) is False and collection in SHORT[:2]]
        chosen = {Variant.PLAIN: own, Variant.INJURED: normal[::INJURED_EVERY]}
        if has_noise and collection != SYNTHETIC:
            chosen[Variant.NOISY] = [e for e in own if not e.validates][::NOISY_EVERY]
        for variant, some in chosen.items():
            for number, first in enumerate(range(0, len(some), PART)):
                piece = tuple(some[first : first + PART])
                parts.append(Part(f"{collection}-{variant}-{number:03d}", variant, piece))
    for entry in entries:
        if entry.is_long and entry.collection != SYNTHETIC:
            parts.append(Part(f"{entry.collection}-{entry.name}", Variant.PLAIN, (entry,)))
            if entry.collection in ("qtdb", "mitdb"):
                name = f"{entry.collection}-{entry.name}-course"
                parts.append(Part(name, Variant.COURSE, (entry,)))
    return parts


def gather(data: Path, work: Path, parts: Sequence[Part], processes: int) -> Gathered:
    """Return all parts, those that are not under ``work`` yet gathered and written there."""
    work.mkdir(parents=True, exist_ok=True)
    missing = [part for part in parts if not _path(work, part).exists()]
    with Progress(transient=True) as progress, ProcessPoolExecutor(processes) as pool:
        task = progress.add_task("looking at recordings", total=len(missing))
        for _ in pool.map(partial(write_part, data, work), missing):
            progress.advance(task)
    return _join([(part, _read_part(_path(work, part))) for part in parts])


def write_part(data: Path, work: Path, part: Part) -> None:
    """Gather one part and write it whole or not at all."""
    arrays: dict[str, list[Any]] = {field.name: [] for field in fields(Moments)}
    owners: list[int] = []
    for number, entry in enumerate(part.entries):
        moments = moments_of(data, entry, part.variant)
        for name, held in arrays.items():
            held.append(getattr(moments, name))
        owners += [number] * moments.count
    path = _path(work, part)
    unfinished = path.with_suffix(".part.npz")
    joined = {name: np.concatenate(held) for name, held in arrays.items()}
    np.savez(unfinished, owners=np.array(owners, np.int64), **joined)  # type: ignore[arg-type]
    unfinished.replace(path)


def inputs_version() -> str:
    """Return a hash of the code that makes the inputs: other code, other inputs."""
    root = Path(ecgd.__file__).parent
    rooms = ("dsp", "features", "pipeline", "decision")
    digest = sha256()
    paths = {path for room in rooms for path in (root / room).rglob("*.py")}
    for path in sorted(paths | {root / f"{name}.py" for name in _MAKERS}):
        digest.update(path.read_bytes())
    for path in sorted((root / "features").glob("*.npz")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


_MAKERS: Final = (
    *("training/examples", "training/gathering", "training/synthetic"),
    *("evaluation/trajectories", "evaluation/injection"),
)


def moments_of(data: Path, entry: Entry, variant: Variant) -> Moments:
    """Return what the networks would see of one recording, changed as ``variant`` says."""
    rng = np.random.default_rng([SEED, *f"{entry.collection}/{entry.name}/{variant}".encode()])
    if entry.collection == SYNTHETIC:
        recording = synthetic_recording(entry)
    else:
        recording = read_entry(data, entry)
    if variant is Variant.COURSE:
        return _with_course(recording, entry, data, rng)
    if entry.is_long:
        return gather_moments(
            recording,
            _truth_of_long(data, entry, recording),
            every_s=LONG_EVERY_S,
            first_s=10.0,
            hop_s=LONG_HOP_S,
        )
    truth = entry.truth
    if variant is Variant.INJURED:
        recording = _injured(recording, rng)
        truth = {**truth, ANOMALY: True, INFARCTION: True, ST_T: True}
    elif variant is Variant.NOISY:
        recording = _noisy(recording, data, rng)
    first_s = ALARM_FIRST_S if entry.collection == "cinc2015" else 5.0
    return gather_moments(recording, lambda _: truth, every_s=1.0, first_s=first_s)


def _truth_of_long(data: Path, entry: Entry, recording: Recording) -> Callable[[float], Truth]:
    if entry.collection == "qtdb":
        return lambda _: {} if entry.patient.startswith("edb") else Trajectory(()).truth_at(0.0)
    marks = read_marks(data / entry.collection / entry.name, recording.duration_s)
    still = Trajectory(()).truth_at(0.0)
    return lambda time_s: {**still, **marks.truth_at(time_s)}


def _with_course(
    recording: Recording, entry: Entry, data: Path, rng: np.random.Generator
) -> Moments:
    whole = cut_recording(recording, 0.0, min(COURSE_S, recording.duration_s))
    trajectory = draw_trajectory(whole.duration_s, rng)
    before = _truth_of_long(data, entry, whole)

    def truth_at(time_s: float) -> Truth:
        known = before(time_s) if trajectory.is_quiet(time_s) else {}
        told = trajectory.truth_at(time_s)
        european = entry.patient.startswith("edb")
        return {**known, **{k: v for k, v in told.items() if v or not european}}

    beats = _beats_of(whole, LONG_HOP_S)
    signal_mv = _as_pair(whole)
    times = times_of(beats, whole.fs_hz)
    changed = lay_over(signal_mv, whole.fs_hz, times, trajectory)
    laid = with_signal(whole, changed[: len(whole.leads)])
    return gather_moments(laid, truth_at, every_s=LONG_EVERY_S, first_s=10.0, hop_s=LONG_HOP_S)


def _as_pair(recording: Recording) -> FloatArray:
    signal_mv = signal_of(recording)
    return signal_mv if len(signal_mv) > 1 else np.concatenate((signal_mv, 0.0 * signal_mv))


def _beats_of(recording: Recording, hop_s: float | None = None) -> list[Beat]:
    return [beat for seen in watch(recording, hop_s=hop_s) for beat in seen.beats]


def _injured(recording: Recording, rng: np.random.Generator) -> Recording:
    """Return a short record with an acute injury in every beat."""
    times = times_of(_beats_of(recording), recording.fs_hz)
    territory = tuple(AXES_DEG)[int(rng.integers(len(AXES_DEG)))]
    axis_deg = float(rng.choice(AXES_DEG[territory]))
    injury = Injury(territory, axis_deg, float(rng.uniform(*INJURY_MV)))
    return with_signal(recording, inject(signal_of(recording), recording.fs_hz, times, injury))


def _noisy(recording: Recording, data: Path, rng: np.random.Generator) -> Recording:
    """Return a short record with recorded noise, at a ratio of powers drawn for it."""
    signal_mv = signal_of(recording)
    noise = read_noise(data / "nstdb", NOISE_KINDS[int(rng.integers(len(NOISE_KINDS)))])
    count = signal_mv.shape[1]
    first = int(rng.integers(noise.signal_mv.shape[1] - count))
    added = noise.signal_mv[: len(signal_mv), first : first + count]
    ratio = 10.0 ** (float(rng.uniform(*NOISE_DB)) / 20.0)
    gain = signal_mv.std() / (ratio * max(1e-6, float(added.std())))
    return with_signal(recording, signal_mv + gain * added)


def noise_pairs(data: Path) -> Float32Array:
    """Return recorded noise as the inputs' path leaves it: stretches (stretch, 2, 2500) in mV."""
    settings = Settings()
    analysis = replace(settings.analysis, window_s=NOISE_S, hop_s=NOISE_S / 2)
    stretches = []
    for kind in NOISE_KINDS:
        noise = read_noise(data / "nstdb", kind)
        recording = recording_of_uv(kind, PAIR, noise.fs_hz, np.rint(1000.0 * noise.signal_mv))
        for window in windows_of(recording, replace(settings, analysis=analysis)):
            pair_mv = model_pair(prepare(window, analysis), (), analysis.drift_degree)
            if pair_mv is not None and pair_mv.shape[1] == round(NOISE_S * FS_HZ):
                stretches.append(pair_mv.astype(np.float32))
    return np.stack(stretches)


def no_noise() -> Float32Array:
    """Return a stretch of silence, for a run without recorded noise."""
    return np.zeros((1, len(PAIR), round(NOISE_S * FS_HZ)), np.float32)


def _path(work: Path, part: Part) -> Path:
    return work / f"{part.name}.npz"


def _read_part(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    with np.load(path, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def _join(parts: Sequence[tuple[Part, dict[str, np.ndarray[Any, Any]]]]) -> Gathered:
    entries: list[Entry] = []
    variants: list[Variant] = []
    owners: list[IntArray] = []
    for part, arrays in parts:
        owners.append(arrays["owners"] + len(entries))
        entries += part.entries
        variants += [part.variant] * len(part.entries)
    names = [field.name for field in fields(Moments)]
    joined = {name: np.concatenate([arrays[name] for _, arrays in parts]) for name in names}
    return Gathered(Moments(**joined), np.concatenate(owners), tuple(entries), tuple(variants))


def only(gathered: Gathered, chosen: BoolArray) -> Gathered:
    """Return some of the moments; ``chosen`` has shape (moment,)."""
    names = [field.name for field in fields(Moments)]
    kept = {name: getattr(gathered.moments, name)[chosen] for name in names}
    return replace(gathered, moments=Moments(**kept), owners=gathered.owners[chosen])


def column(label: str) -> int:
    """Return a label's place in ``Moments.truth``."""
    return LABELS.index(label)


def small_corpus(entries: Sequence[Entry], count: int) -> list[Entry]:
    """Return ``count`` short recordings of each collection and side, ill and well, none long."""
    chosen: list[Entry] = []
    for collection in SHORT[:3]:
        for validates in (False, True):
            for ill in (False, True):
                fits = [
                    e
                    for e in entries
                    if e.collection == collection
                    and e.validates == validates
                    and e.truth.get(ANOMALY) is ill
                ]
                chosen += fits[:count]
    return chosen


def with_synthetic(entries: Sequence[Entry], *, validating: bool = False) -> list[Entry]:
    """Return the recordings and the generator's, which only teach, but in a quick run."""
    return [*entries, *synthetic_entries(validating=validating)]
