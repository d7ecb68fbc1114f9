"""The simulated device that sends ``six-lead`` frames, and nothing but these."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ecgd.config.settings import DeviceSettings
from ecgd.dsp.derivation import complete_limb_leads
from ecgd.errors import SourceError
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.signal import CountArray
from ecgd.node.device import BOOT_S, BUFFER_SIZE
from ecgd.node.feed import Feed, FeedBlock
from ecgd.protocol.six_lead import FRAME_SIZE, encode_six_lead


@dataclass(frozen=True, slots=True)
class ChannelFaults:
    """What is wrong with the six channels: gains by lead, and two that are exchanged."""

    gains: dict[str, float] = field(default_factory=dict)
    exchanged: tuple[str, str] | None = None

    def apply(self, counts: CountArray, baseline_counts: int) -> CountArray:
        """Return counts of shape (6, sample) as the faulty channels give them."""
        faulty = counts.copy()
        for lead, gain in self.gains.items():
            row = LIMB_LEADS.index(lead)
            scaled = np.rint((counts[row] - baseline_counts) * gain) + baseline_counts
            faulty[row] = scaled.astype(np.int32)
        if self.exchanged is not None:
            first, second = (LIMB_LEADS.index(lead) for lead in self.exchanged)
            faulty[[first, second]] = faulty[[second, first]]
        return faulty


class SixLeadDevice:
    """Measures six leads by its own clock; hears nothing, reports nothing, names nobody."""

    def __init__(self, feed: Feed, settings: DeviceSettings, faults: ChannelFaults) -> None:
        if feed.leads != ("I", "II"):
            raise SourceError(
                f"six leads cannot be made of {','.join(feed.leads)}",
                "Give the node a source with two limb leads.",
            )
        self._feed = feed
        self._settings = settings
        self._faults = faults
        self._position = 0
        self._ready_s = 0.0
        self.ended = False

    @property
    def buffer_size(self) -> int:
        return BUFFER_SIZE

    @property
    def description(self) -> str:
        return f"six-lead: {','.join(LIMB_LEADS)} at {self._settings.fs_hz:g} Hz"

    def advance(self, time_s: float) -> list[bytes]:
        """Return the frames that are complete by now, each by itself."""
        if time_s < self._ready_s or self.ended:
            return []
        due = int(time_s * self._settings.fs_hz + 1e-9) - self._position
        booted = int(self._ready_s * self._settings.fs_hz) - self._position
        if booted > 0:
            # The heart went on while the device booted.
            self._take(booted)
            due -= booted
        block = self._take(due) if due > 0 else None
        if block is None:
            return []
        counts = self._convert(block)
        line = encode_six_lead(counts, "big" if self._settings.byte_order == "big" else "little")
        return [line[at : at + FRAME_SIZE] for at in range(0, len(line), FRAME_SIZE)]

    def receive(self, data: bytes) -> list[bytes]:
        """Answer nothing: the protocol has no way back."""
        del data
        return []

    def reset(self, time_s: float) -> None:
        """Start anew: nothing of it shows on the line but a pause."""
        self._ready_s = time_s + BOOT_S

    def overran(self) -> None:
        """A frame that found no room is lost; nobody is told."""

    def _take(self, sample_count: int) -> FeedBlock | None:
        block = self._feed.take(sample_count)
        self._position += sample_count
        self.ended = block is None
        return block

    def _convert(self, block: FeedBlock) -> CountArray:
        settings = self._settings
        _, leads_mv = complete_limb_leads(self._feed.leads, block.signal_mv)
        half = 1 << (settings.adc_bits - 1)
        from_zero = settings.baseline_counts >= half // 2
        low, high = (0, 2 * half - 1) if from_zero else (-half, half - 1)
        ideal = np.rint(leads_mv * settings.counts_per_mv) + settings.baseline_counts
        ideal = np.where(block.valid, ideal, high)
        faulty = self._faults.apply(ideal.astype(np.int32), settings.baseline_counts)
        return np.clip(faulty, low, high).astype(np.int32)
