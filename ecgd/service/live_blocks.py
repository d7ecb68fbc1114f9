"""Samples on their way to clients: in mV, in blocks of about a tenth of a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import numpy as np

from ecgd.dsp.derivation import complete_limb_leads
from ecgd.model.live import LiveSamples
from ecgd.model.signal import FloatArray
from ecgd.pipeline.intake import SamplesPlaced

BLOCK_S: Final = 0.1
"""Blocks that come faster than this are joined."""

EARLY_S: Final = 0.02
"""A block is on time when it comes so much before its turn: devices do not keep ours."""

NEWEST_S: Final = 2.0
"""Of a source that runs faster than time, only so much of each tenth of a second is told."""


class Blocks:
    """Joins one patient's samples and hands them to ``publish``, at most ten times a second."""

    def __init__(self, publish: Callable[[LiveSamples], None]) -> None:
        self._publish = publish
        self._waiting: list[SamplesPlaced] = []
        self._timer: asyncio.TimerHandle | None = None
        self._told_s = 0.0

    def add(self, placed: SamplesPlaced) -> None:
        """Take samples; they go on at once unless a block has just gone."""
        if self._waiting and not _continues(self._waiting[-1], placed):
            self._flush()
        self._waiting.append(placed)
        self._drop_old()
        loop = asyncio.get_running_loop()
        due_s = self._told_s + BLOCK_S
        if loop.time() >= due_s - EARLY_S:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_at(due_s, self._flush)

    def close(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._stop_timer()

    def _drop_old(self) -> None:
        newest = self._waiting[-1]
        oldest_index = newest.block.end_index - round(NEWEST_S * newest.device.fs_hz)
        while len(self._waiting) > 1 and self._waiting[0].block.end_index <= oldest_index:
            self._waiting.pop(0)

    def _flush(self) -> None:
        self._stop_timer()
        if self._waiting:
            self._told_s = asyncio.get_running_loop().time()
            waiting, self._waiting = self._waiting, []
            self._publish(_joined(waiting))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _continues(before: SamplesPlaced, placed: SamplesPlaced) -> bool:
    return (
        before.origin == placed.origin
        and before.device is placed.device
        and before.block.end_index == placed.block.start_index
    )


def _joined(placed: list[SamplesPlaced]) -> LiveSamples:
    device = placed[-1].device
    counts = np.concatenate([each.block.counts for each in placed], axis=1)
    measured_mv: FloatArray = (counts - float(device.baseline_counts)) / device.counts_per_mv
    leads, signal_mv = complete_limb_leads(device.leads, measured_mv)
    return LiveSamples(
        origin=placed[-1].origin,
        start_index=placed[0].block.start_index,
        fs_hz=device.fs_hz,
        leads=leads,
        signal_mv=signal_mv,
        valid=np.concatenate([each.block.valid for each in placed]),
        arrived_s=placed[-1].block.arrived_s,
    )
