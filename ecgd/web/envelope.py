"""Fewer points of a signal, without losing a peak: least and most of every so many samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecgd.model.live import LiveSamples
from ecgd.web.json_shape import Shape, plain
from ecgd.web.stream_shape import by_lead


class Envelope:
    """Turns blocks into least and most of ``bucket_samples`` samples each.

    Buckets lie at absolute indices, so that two clients see the same; one is told when it is
    whole, or when a gap or another origin ends it early. Only valid samples count.
    """

    def __init__(self, bucket_samples: int) -> None:
        self._bucket = bucket_samples
        self._rest: LiveSamples | None = None

    def take(self, samples: LiveSamples) -> Iterator[Shape]:
        """Yield an object for what is complete; at most one more where the signal broke off."""
        rest, self._rest = self._rest, None
        if rest is not None and not _continues(rest, samples):
            yield self._shape(rest)
            rest = None
        whole = samples if rest is None else _joined(rest, samples)
        end_index = whole.start_index + int(whole.valid.size)
        cut = end_index // self._bucket * self._bucket - whole.start_index
        if cut <= 0:
            self._rest = whole
            return
        if cut < whole.valid.size:
            self._rest = _part(whole, cut, int(whole.valid.size))
        yield self._shape(_part(whole, 0, cut))

    def _shape(self, samples: LiveSamples) -> Shape:
        first = samples.start_index // self._bucket
        number = (samples.start_index + np.arange(samples.valid.size)) // self._bucket - first
        starts = np.flatnonzero(np.diff(number, prepend=-1))
        lost = ~samples.valid
        least_mv = np.minimum.reduceat(np.where(lost, np.inf, samples.signal_mv), starts, axis=1)
        most_mv = np.maximum.reduceat(np.where(lost, -np.inf, samples.signal_mv), starts, axis=1)
        seen = np.logical_or.reduceat(samples.valid, starts)
        return {
            "type": "envelope",
            "origin": samples.origin,
            "start_index": first * self._bucket,
            "bucket_samples": self._bucket,
            "fs_hz": plain(samples.fs_hz),
            "arrived_mono_s": plain(samples.arrived_s),
            "min_mv": by_lead(samples.leads, least_mv, seen),
            "max_mv": by_lead(samples.leads, most_mv, seen),
        }


def _continues(before: LiveSamples, after: LiveSamples) -> bool:
    return (
        before.origin == after.origin
        and before.leads == after.leads
        and before.start_index + before.valid.size == after.start_index
    )


def _joined(before: LiveSamples, after: LiveSamples) -> LiveSamples:
    return LiveSamples(
        origin=after.origin,
        start_index=before.start_index,
        fs_hz=after.fs_hz,
        leads=after.leads,
        signal_mv=np.concatenate([before.signal_mv, after.signal_mv], axis=1),
        valid=np.concatenate([before.valid, after.valid]),
        arrived_s=after.arrived_s,
    )


def _part(whole: LiveSamples, start: int, stop: int) -> LiveSamples:
    return LiveSamples(
        origin=whole.origin,
        start_index=whole.start_index + start,
        fs_hz=whole.fs_hz,
        leads=whole.leads,
        signal_mv=whole.signal_mv[:, start:stop],
        valid=whole.valid[start:stop],
        arrived_s=whole.arrived_s,
    )
