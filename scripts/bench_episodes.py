"""What befalls the seven patients of the latency run: which event, when, how it looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import numpy as np

from ecgd.model.finding import EventType
from ecgd.model.signal import FloatArray
from ecgd.node.device import FS_HZ
from ecgd.node.feed import FeedPart
from ecgd.sources.dipole import BeatKind, beat_vector
from ecgd.sources.patient import ElectrodeOff, PatientSignal
from ecgd.sources.recording import read_recording
from ecgd.sources.url import SyntheticUrl, parse_source

FIRST_S = 14.0
"""So long all are well: a window is five seconds, and a rhythm takes two of them to be believed."""

STAGGER_S = 5.1
"""Patients with the same events have them so far apart that one alarm is heard at a time."""

USUAL_BPM = 75
TACHYCARDIA_BPM = 165
VENTRICULAR_BPM = 190
ST_MV = 0.35
FIBRILLATES_FROM_S = 26.0


@dataclass(frozen=True, slots=True)
class Episode:
    """One event: what the signal does for ``lasts_s``, and how long all is well after it.

    ``electrode`` falls off for as long, ``cut`` takes the line away. ``kinds`` are the alarms that
    tell of it, ``hold_off`` names the setting that holds it back (empty: none), ``definition`` what
    has to be seen before there is any evidence.
    """

    name: str
    kinds: frozenset[EventType]
    lasts_s: float
    rests_s: float
    definition: str
    rhythm: str = ""
    hold_off: str = ""
    electrode: str = ""
    cut: bool = False


_VENTRICULAR = frozenset({EventType.VENTRICULAR_FIBRILLATION, EventType.VENTRICULAR_TACHYCARDIA})
ASYSTOLE = Episode(
    "asystole (onset: the last beat)",
    frozenset({EventType.ASYSTOLE}),
    *(5.6, 2.4, "no beat for 4 s", "rhythm=asystole"),
)
TACHYCARDIA = Episode(
    f"extreme tachycardia, {TACHYCARDIA_BPM} bpm",
    frozenset({EventType.EXTREME_TACHYCARDIA}),
    *(7.6, 5.0, "17 fast beats, two may be slower; their time counts as hold-off"),
    f"rhythm=tachycardia&rate={TACHYCARDIA_BPM}",
    "extreme_rate_s",
)
VENTRICULAR = Episode(
    f"ventricular tachycardia, {VENTRICULAR_BPM} bpm",
    _VENTRICULAR,
    *(11.0, 13.0, "a run of beats, or four seconds of waves in five windows", "ventricular"),
)
FIBRILLATION = Episode(
    "ventricular fibrillation",
    _VENTRICULAR,
    *(11.0, 13.0, "four seconds of waves in five windows", "fibrillation"),
)
STEMI = Episode(
    f"STEMI, inferior, {ST_MV:g} mV",
    frozenset({EventType.STEMI_DETECTED}),
    *(31.0, 33.0, "most of the last beats elevated"),
    f"rate={USUAL_BPM}&st=inferior:{ST_MV:g}",
    "stemi_s",
)
ELECTRODE = Episode(
    "electrode off",
    frozenset({EventType.ELECTRODE_OFF}),
    *(9.0, 12.0, "the device reports it once a second", "", "electrode_off_s", "LA"),
)
LINK = Episode(
    "link lost",
    frozenset({EventType.LINK_LOST}),
    *(13.0, 12.0, "the line is gone", "", "link_lost_s"),
    cut=True,
)

EPISODES = (ASYSTOLE, TACHYCARDIA, VENTRICULAR, FIBRILLATION, STEMI, ELECTRODE, LINK)
COURSES = (
    *((ASYSTOLE, TACHYCARDIA),) * 4,
    (VENTRICULAR, FIBRILLATION, VENTRICULAR, FIBRILLATION, ELECTRODE),
    (STEMI, LINK, STEMI, ELECTRODE),
    (ELECTRODE, replace(LINK, rests_s=118.0)),
)
"""Of each patient, over and over. Those that come soonest make most of the alarms; equipment that
fails again within two minutes is no new alarm."""


@dataclass(frozen=True, slots=True)
class Onset:
    """An event begins at ``begun_s`` of the device's clock."""

    patient_id: str
    episode: Episode
    begun_s: float


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that one device shows, and when its line is away; times of its own clock."""

    patient_id: str
    parts: tuple[FeedPart, ...]
    electrodes_off: tuple[ElectrodeOff, ...]
    cuts_s: tuple[tuple[float, float], ...]
    onsets: tuple[Onset, ...]


def write_scripts(seconds: float, folder: Path, fixtures: Path) -> tuple[Script, ...]:
    """Return what happens to each patient; an episode begins only where it ends within the time."""
    _write_waves(folder, fixtures)
    return tuple(
        _script(f"patient-{number}", number, episodes, seconds, folder)
        for number, episodes in enumerate(COURSES)
    )


def _script(
    patient_id: str, number: int, episodes: Sequence[Episode], seconds: float, folder: Path
) -> Script:
    usual, now_s = _synthetic(f"rate={USUAL_BPM}", number), 0.0
    parts = [FeedPart(usual, FIRST_S + number % 4 * STAGGER_S)]
    off, cuts_s, onsets = [], [], []
    for episode in cycle(episodes):
        before_s = parts[-1].duration_s
        now_s += before_s
        end_s = now_s + episode.lasts_s
        if end_s > seconds:
            break
        if episode.electrode:
            off.append(ElectrodeOff(episode.electrode, now_s, end_s))
        if episode.cut:
            cuts_s.append((now_s, end_s))
        begun_s = now_s
        if episode is ASYSTOLE:
            begun_s = now_s - before_s + last_beat_s(usual, before_s)
        onsets.append(Onset(patient_id, episode, begun_s))
        parts.append(FeedPart(_url(episode, usual, number, folder), episode.lasts_s))
        parts.append(FeedPart(usual, episode.rests_s))
        now_s = end_s
    parts[-1] = FeedPart(usual)
    return Script(patient_id, tuple(parts), tuple(off), tuple(cuts_s), tuple(onsets))


def last_beat_s(url: str, duration_s: float) -> float:
    """Return when the last beat of a synthetic patient comes that is played for so long."""
    source = parse_source(url)
    assert isinstance(source, SyntheticUrl)
    block = PatientSignal(source.patient, FS_HZ).take(round(duration_s * FS_HZ))
    return block.beats[-1].r_s


def _url(episode: Episode, usual: str, number: int, folder: Path) -> str:
    if episode.rhythm in ("fibrillation", "ventricular"):
        return f"replay:{folder / episode.rhythm}.npy?fs={FS_HZ:g}&leads=I,II&unit=mV"
    return _synthetic(episode.rhythm, number) if episode.rhythm else usual


def _synthetic(rhythm: str, number: int) -> str:
    return f"synthetic:?{rhythm}&seed={number}"


def _write_waves(folder: Path, fixtures: Path) -> None:
    for name, pair_mv in _waves(fixtures):
        np.save(folder / f"{name}.npy", pair_mv)


def _waves(fixtures: Path) -> Iterator[tuple[str, FloatArray]]:
    """Yield what the synthetic patient cannot have, as leads I and II in mV.

    The real fibrillation was recorded in one lead: it is shown as II, and smaller as I.
    """
    recording = read_recording(fixtures / "fibrillation_onset.hea")
    wave_mv = recording.counts[0, round(FIBRILLATES_FROM_S * recording.fs_hz) :] / 1000.0
    yield "fibrillation", np.stack((0.6 * wave_mv, wave_mv))
    rr_s = 60.0 / VENTRICULAR_BPM
    time_s = np.arange(round(VENTRICULAR.lasts_s * FS_HZ)) / FS_HZ
    beats = np.arange(-2 * rr_s, VENTRICULAR.lasts_s + rr_s, rr_s)
    yield (
        "ventricular",
        np.sum([beat_vector(BeatKind.PVC, rr_s, time_s - r_s) for r_s in beats], axis=0),
    )
