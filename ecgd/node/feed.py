"""What the simulated electrodes see: one source after another, as leads at the device's rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ecgd.errors import SourceError
from ecgd.model.leads import DERIVATION
from ecgd.model.signal import BoolArray, CountArray, FloatArray
from ecgd.protocol.hello import LEAD_CODES
from ecgd.sources.patient import ElectrodeOff
from ecgd.sources.recording import COUNTS_PER_MV, Recording
from ecgd.sources.stream import SampleStream, open_stream
from ecgd.sources.url import BluetoothUrl, SerialUrl, SocketUrl, parse_source

_LIMB_ELECTRODES: Final = {
    "I": frozenset(("RA", "LA")),
    "II": frozenset(("RA", "LL")),
    "III": frozenset(("LA", "LL")),
}
_ALL_ELECTRODES: Final = frozenset(("RA", "LA", "LL"))
_RAIL_MV: Final = 6.0
_HUM_MV: Final = 1.4
_HUM_HZ: Final = 50.0


@dataclass(frozen=True, slots=True)
class FeedPart:
    """One source and for how long it is played; infinite: to its end."""

    url: str
    duration_s: float = math.inf


@dataclass(frozen=True, slots=True, eq=False)
class FeedBlock:
    """Samples in mV, shape (lead, sample); ``valid`` False where the source has none."""

    signal_mv: FloatArray
    valid: BoolArray
    electrodes_off: frozenset[str]


class Feed:
    """Plays the parts in turn. All of them are opened at once, so that a wrong one shows early.

    Raises SourceError or RecordingError; SourceError too where the parts have different leads.
    """

    def __init__(
        self, parts: Sequence[FeedPart], electrodes_off: Sequence[ElectrodeOff], fs_hz: float
    ) -> None:
        self._fs_hz = fs_hz
        self._electrodes_off = electrodes_off
        self._streams = [_open(part.url, fs_hz) for part in parts]
        self._left = [part.duration_s * fs_hz for part in parts]
        self._position = 0
        self.leads = self._streams[0].device.leads
        for part, stream in zip(parts, self._streams, strict=True):
            if stream.device.leads != self.leads:
                raise SourceError(
                    f"source {part.url!r} has the leads {','.join(stream.device.leads)}, "
                    f"the first one {','.join(self.leads)}",
                    "A device sends the same leads all the time.",
                )

    def take(self, sample_count: int) -> FeedBlock | None:
        """Return the next samples; None once the last source has ended (a rest is left out)."""
        blocks: list[FeedBlock] = []
        missing = sample_count
        while missing > 0 and self._streams:
            wanted = math.ceil(min(missing, self._left[0]))
            block = self._streams[0].take(wanted) if wanted > 0 else None
            if block is None:
                del self._streams[0], self._left[0]
                continue
            taken = block.counts.shape[1]
            missing -= taken
            self._left[0] -= taken
            off = block.electrodes_off or frozenset()
            blocks.append(FeedBlock(block.counts / COUNTS_PER_MV, block.valid, off))
        if missing > 0:
            return None
        joined = FeedBlock(
            np.concatenate([block.signal_mv for block in blocks], axis=1),
            np.concatenate([block.valid for block in blocks]),
            frozenset().union(*(block.electrodes_off for block in blocks)),
        )
        return self._with_loose_electrodes(joined)

    def _with_loose_electrodes(self, block: FeedBlock) -> FeedBlock:
        start = self._position
        self._position += block.signal_mv.shape[1]
        time_s = np.arange(start, self._position) / self._fs_hz
        signal_mv, loose = block.signal_mv.copy(), set(block.electrodes_off)
        for off in self._electrodes_off:
            during = (time_s >= off.start_s) & (time_s < off.end_s)
            if not during.any():
                continue
            loose.add(off.electrode)
            if off.electrode == "RL":
                signal_mv[:, during] += _HUM_MV * np.sin(2 * math.pi * _HUM_HZ * time_s[during])
            for row, lead in enumerate(self.leads):
                if off.electrode in _LIMB_ELECTRODES.get(lead, _ALL_ELECTRODES):
                    signal_mv[row, during] = _RAIL_MV
        return FeedBlock(signal_mv, block.valid, frozenset(loose))


def _open(url: str, fs_hz: float) -> SampleStream:
    source = parse_source(url)
    if isinstance(source, BluetoothUrl | SerialUrl | SocketUrl):
        raise SourceError(f"source {url!r} is a device", "Give replay: or synthetic: to the node.")
    return open_stream(source, fs_hz, two_channels)


def two_channels(recording: Recording) -> Recording:
    """Return the channels a device sends: I and II wherever they can be had, else the first two.

    MLII, the monitoring lead of Holter recordings, goes as II. Raises SourceError where a name has
    no code on the line.
    """
    names = tuple("II" if name == "MLII" else name for name in recording.leads)
    limb = [name for name in names if name in DERIVATION]
    pair = _independent_pair(limb)
    if pair is not None:
        weights = np.linalg.inv(np.array([DERIVATION[name] for name in pair]))
        rows = recording.counts[[names.index(name) for name in pair]]
        counts = np.rint(weights @ rows).astype(np.int32)
        return _with_rows(recording, counts, ("I", "II"))
    known = [name for name in names if name in LEAD_CODES][:2]
    if not known:
        raise SourceError(
            f"{recording.path}: the protocol has no code for the leads {','.join(recording.leads)}",
            "Name them in the URL, as in leads=I,II.",
        )
    rows = recording.counts[[names.index(name) for name in known]]
    return _with_rows(recording, rows, tuple(known))


def _independent_pair(limb: list[str]) -> tuple[str, str] | None:
    if "I" in limb and "II" in limb:
        return "I", "II"
    pairs = ((first, second) for first in limb for second in limb if first != second)
    for first, second in pairs:
        determinant = np.linalg.det(np.array([DERIVATION[first], DERIVATION[second]]))
        if abs(determinant) > 0.1:
            return first, second
    return None


def _with_rows(recording: Recording, counts: CountArray, leads: tuple[str, ...]) -> Recording:
    device = replace(recording.device, leads=leads)
    return replace(recording, counts=counts, leads=leads, device=device)
