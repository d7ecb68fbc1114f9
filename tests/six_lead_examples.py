"""A small six-lead device's counts and lines, for every test of that protocol."""

from __future__ import annotations

import numpy as np

from ecgd.model.signal import CountArray
from ecgd.protocol import SixLeadDecoder, SixLeadSamples, encode_six_lead
from ecgd.protocol.six_lead_decoder import SixLeadEvent

FS_HZ = 250.0
FRAME = 13


def heart_counts(sample_count: int, *, seed: int = 0, baseline_counts: int = 0) -> CountArray:
    """Six leads of shape (6, sample) that keep all identities: beats, wander and a little noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(sample_count) / FS_HZ
    beat = np.exp(-(((time_s % 0.8) - 0.3) ** 2) / (2 * 0.012**2))
    wave = np.exp(-(((time_s % 0.8) - 0.55) ** 2) / (2 * 0.04**2))
    noise = rng.normal(0.0, 1.5, (2, sample_count))
    lead_i = 300 * beat + 70 * wave + 15 * np.sin(1.9 * time_s) + noise[0]
    lead_ii = 450 * beat + 100 * wave - 10 * np.sin(1.3 * time_s) + noise[1]
    rows = [
        *(lead_i, lead_ii, lead_ii - lead_i),
        *(lead_i - lead_ii / 2, lead_ii - lead_i / 2, -(lead_i + lead_ii) / 2),
    ]
    counts: CountArray = (np.rint(np.stack(rows)) + baseline_counts).astype(np.int32)
    return counts


def frames_of(line: bytes) -> list[bytes]:
    return [line[at : at + FRAME] for at in range(0, len(line), FRAME)]


def samples_of(events: tuple[SixLeadEvent, ...] | list[SixLeadEvent]) -> CountArray:
    """All counts of some events, joined; shape (6, sample)."""
    counts = [event.counts for event in events if isinstance(event, SixLeadSamples)]
    return np.concatenate([np.zeros((6, 0), dtype=np.int32), *counts], axis=1)


def decode(line: bytes, decoder: SixLeadDecoder | None = None) -> tuple[SixLeadEvent, ...]:
    """Everything that a whole line's bytes give."""
    decoder = decoder or SixLeadDecoder()
    return decoder.feed(line) + decoder.reset()


def whole_line(sample_count: int = 500, *, seed: int = 0) -> tuple[CountArray, bytes]:
    counts = heart_counts(sample_count, seed=seed)
    return counts, encode_six_lead(counts)
