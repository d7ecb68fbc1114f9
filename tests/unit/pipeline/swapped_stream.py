"""Recordings of real patients through intake and analysis, with electrodes exchanged exactly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ecgd.config.settings import AnalysisSettings, EnsembleSettings
from ecgd.decision.swap import TRANSFORM, Swap
from ecgd.inference.scorer import NoModels
from ecgd.model.assessment import Assessment
from ecgd.model.baseline import LEARNED_S, Baseline
from ecgd.model.device import DeviceInfo
from ecgd.model.link import SamplesReceived
from ecgd.model.signal import FloatArray, SampleBlock, Window
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import Intake, WindowReady
from ecgd.pipeline.placement import usual_beat
from ecgd.sources.stream import open_stream
from ecgd.sources.url import parse_source

RECORDINGS = Path(__file__).parents[2] / "fixtures" / "recordings"
SETTINGS = AnalysisSettings()

LEG_SHARE = 0.02
LEG_NOISE_MV = 0.003
"""What the right leg's potential differs from the left's by."""

Alter = Callable[[FloatArray], FloatArray]


def exchange(swap: Swap) -> Alter:
    """Return what an exchange does to leads I and II, (2, sample), from the potentials."""

    def alter(pair_mv: FloatArray) -> FloatArray:
        if swap in TRANSFORM:
            moved: FloatArray = np.array(TRANSFORM[swap]) @ pair_mv
            return moved
        one, two = pair_mv
        noise_mv = np.random.default_rng(0).normal(0.0, LEG_NOISE_MV, one.size)
        right_arm, left_arm, left_leg = np.zeros(one.size), one, two
        leg = (1 + LEG_SHARE) * two + noise_mv
        if swap is Swap.LEFT_ARM_REFERENCE:
            left_arm = leg
        else:
            right_arm = leg
        if swap is Swap.ARMS_LEGS:
            left_arm, left_leg = two, one
        return np.stack((left_arm - right_arm, left_leg - right_arm))

    return alter


def windows(source: str, seconds: float, alter: Alter | None = None) -> list[Window]:
    """Return the windows of a source whose leads I and II were altered."""
    stream = open_stream(parse_source(source))  # type: ignore[arg-type]
    device, start = stream.device, 0
    rows = [device.leads.index(lead) for lead in ("I", "II")]
    intake, found = Intake(SETTINGS), []
    while start < seconds * device.fs_hz and (block := stream.take(round(device.fs_hz))):
        counts = block.counts.copy()
        if alter is not None:
            assert len(device.leads) == 2
            pair_mv = (counts[rows] - device.baseline_counts) / device.counts_per_mv
            counts[rows] = np.round(
                alter(pair_mv) * device.counts_per_mv + device.baseline_counts
            ).astype(np.int32)
        part = SampleBlock(start, counts, block.valid, start / device.fs_hz)
        start += int(counts.shape[1])
        for event in intake.receive(SamplesReceived(part, device)):
            if isinstance(event, WindowReady):
                found.append(event.window)
    return found


def windows_of(pair_mv: FloatArray, device: DeviceInfo) -> list[Window]:
    """Return the windows of leads I and II, (2, sample)."""
    counts = np.round(pair_mv * device.counts_per_mv).astype(np.int32)
    intake, found = Intake(SETTINGS), []
    step = round(device.fs_hz)
    for start in range(0, counts.shape[1], step):
        part = counts[:, start : start + step]
        block = SampleBlock(start, part, np.ones(part.shape[1], np.bool_), start / device.fs_hz)
        for event in intake.receive(SamplesReceived(block, device)):
            if isinstance(event, WindowReady):
                found.append(event.window)
    return found


def recording(name: str) -> str:
    """Return the source that loops one of the recordings."""
    return f"replay:{RECORDINGS / name}?loop=true"


def assess(seen: list[Window], baseline: Baseline | None = None) -> list[Assessment]:
    """Judge windows one after the other."""
    return [assessment for assessment, _ in assess_all(seen, baseline)]


def assess_all(
    seen: list[Window], baseline: Baseline | None = None
) -> list[tuple[Assessment, History]]:
    """Judge windows one after the other; with each goes the history that it leaves."""
    judge = Analysis(SETTINGS, EnsembleSettings(), NoModels("none"), lambda: 0.0)
    history, found = History(baseline=baseline), []
    for window in seen:
        assessed = judge.assess(window, history)
        history = assessed.history
        found.append((assessed.assessment, history))
    return found


def baseline_of(seen: list[Window]) -> Baseline:
    """Return the baseline that minutes of these windows would leave."""
    judge = Analysis(SETTINGS, EnsembleSettings(), NoModels("none"), lambda: 0.0)
    history = History()
    for window in seen:
        assessed = judge.assess(window, history)
        history = assessed.history
    beat = usual_beat(window, assessed.prepared, history.beats)
    assert beat is not None
    st = assessed.assessment.st
    levels = {lead.lead: lead.level_mv for lead in (st.leads if st else ())}
    return Baseline(beat, tuple((k, v) for k, v in levels.items() if v is not None), LEARNED_S)
