"""The part of the stored signal that is exported: sample by sample, placed on one time axis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ecgd.cli.moments import local_time
from ecgd.errors import RecordingError, StoreError
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import BoolArray, CountArray, SampleBlock
from ecgd.store.catalogue import StoredStream
from ecgd.store.entries import Recording, StoredAlert
from ecgd.store.reader import StoreReader

_ROWS_MAX: Final = 1_000_000
_CLOCK_MARGIN_S: Final = 60.0
"""By so much a row's wall times may differ from those of its pieces."""


class Span(Protocol):
    """What is wanted of the signal."""

    def touches(self, row: Recording) -> bool:
        """Tell whether a row of the database may hold some of it."""
        ...

    def cut(self, block: SampleBlock, unix_s: float, fs_hz: float) -> tuple[int, int]:
        """Return which samples are wanted, begin and end; ``unix_s`` is the time of the first."""
        ...


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """From one wall time to before another; unless said, everything."""

    start_unix_s: float = -math.inf
    end_unix_s: float = math.inf

    def touches(self, row: Recording) -> bool:
        """See :class:`Span`."""
        begin, end = row.started_unix_s, row.started_unix_s + row.duration_s
        return begin - _CLOCK_MARGIN_S < self.end_unix_s and end + _CLOCK_MARGIN_S > (
            self.start_unix_s
        )

    def cut(self, block: SampleBlock, unix_s: float, fs_hz: float) -> tuple[int, int]:
        """See :class:`Span`."""
        size = int(block.valid.size)
        begin = _ceil_within((self.start_unix_s - unix_s) * fs_hz, size)
        return begin, _ceil_within((self.end_unix_s - unix_s) * fs_hz, size)


@dataclass(frozen=True, slots=True)
class IndexSpan:
    """From one sample to before another, of one stream."""

    start_index: int
    end_index: int

    def touches(self, row: Recording) -> bool:
        """See :class:`Span`."""
        if row.start_index is None or row.end_index is None:
            return False
        return row.start_index < self.end_index and row.end_index > self.start_index

    def cut(self, block: SampleBlock, _unix_s: float, _fs_hz: float) -> tuple[int, int]:
        """See :class:`Span`."""
        begin = max(0, self.start_index - block.start_index)
        return begin, min(int(block.valid.size), self.end_index - block.start_index)


def _ceil_within(value: float, size: int) -> int:
    return math.ceil(min(max(value, 0.0), float(size)))


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Consecutive samples; ``position`` counts samples since the excerpt's first one.

    ``counts`` has shape (lead, sample), ``valid`` (sample,). Positions only grow; where nothing is
    stored they jump. ``stream_index`` is that of the first sample in its own stream.
    """

    position: int
    counts: CountArray
    valid: BoolArray
    unix_s: float
    stream: StoredStream
    stream_index: int

    @property
    def end(self) -> int:
        """Position just after the last sample."""
        return self.position + int(self.counts.shape[1])


@dataclass(slots=True)
class Losses:
    """What could not be taken as it was stored."""

    damaged: int = 0
    twice: int = 0


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Recordings of one patient, of one rate, scale and set of leads, cut to what is wanted."""

    reader: StoreReader
    streams: tuple[StoredStream, ...]
    span: Span
    losses: Losses

    @property
    def device(self) -> DeviceInfo:
        """The device of the first recording; all have its rate, leads and scale."""
        return self.streams[0].device

    @property
    def patient_id(self) -> str:
        return self.streams[0].patient_id

    @property
    def patient_name(self) -> str:
        return self.streams[0].patient_name

    def pieces(self) -> Iterator[Placed]:
        """Yield what is stored, in order, one row of the database in memory at a time.

        Samples of one recording are placed by their index, whose clock is the device's; recordings
        are placed one after the other by the wall clock, and never over each other.
        """
        self.losses.damaged = self.losses.twice = 0
        origin_unix_s: float | None = None
        end = 0
        for stream in self.streams:
            offset: int | None = None
            for block, unix_s in self._wanted(stream):
                if origin_unix_s is None:
                    origin_unix_s = unix_s
                if offset is None:
                    by_clock = round((unix_s - origin_unix_s) * self.device.fs_hz)
                    offset = max(end, by_clock) - block.start_index
                position = block.start_index + offset
                seen = max(0, end - position)
                self.losses.twice += min(seen, block.valid.size)
                if seen < block.valid.size:
                    rest = _part(block, seen, block.valid.size)
                    begun_s = unix_s + seen / self.device.fs_hz
                    yield _placed(rest, position + seen, begun_s, stream)
                    end = position + block.valid.size

    def _wanted(self, stream: StoredStream) -> Iterator[tuple[SampleBlock, float]]:
        rows = self.reader.recordings(stream.patient_id, limit=_ROWS_MAX)
        wanted = {row.id for row in rows if self.span.touches(row)}
        for row_id in (each for each in stream.row_ids if each in wanted):
            waveform = self.reader.recording_waveform(row_id)
            self.losses.damaged += waveform.damaged
            for block, unix_s in zip(waveform.blocks, waveform.unix_s, strict=True):
                begin, end = self.span.cut(block, unix_s, stream.device.fs_hz)
                if begin < end:
                    yield _part(block, begin, end), unix_s + begin / stream.device.fs_hz

    def alerts(self) -> tuple[StoredAlert, ...]:
        """Return the alerts of these recordings, the oldest first."""
        rows = {row_id for stream in self.streams for row_id in stream.row_ids}
        found = self.reader.alerts(patient_id=self.patient_id, limit=_ROWS_MAX)
        return tuple(each for each in reversed(found) if each.recording_id in rows)


def _part(block: SampleBlock, begin: int, end: int) -> SampleBlock:
    return replace(
        block,
        start_index=block.start_index + begin,
        counts=block.counts[:, begin:end],
        valid=block.valid[begin:end],
    )


def _placed(block: SampleBlock, position: int, unix_s: float, stream: StoredStream) -> Placed:
    return Placed(position, block.counts, block.valid, unix_s, stream, block.start_index)


def choose_time(reader: StoreReader, patient_id: str, span: TimeSpan) -> Excerpt:
    """Return a patient's signal between two wall times.

    Raises RecordingError when there is none, and says what there is.
    """
    found = reader.streams(
        patient_id, since_unix_s=span.start_unix_s, until_unix_s=span.end_unix_s, limit=_ROWS_MAX
    )
    with_signal = tuple(each for each in reversed(found) if each.raw_bytes)
    if not with_signal:
        raise _nothing(reader, patient_id)
    return _excerpt(reader, with_signal, span)


def choose_recording(reader: StoreReader, recording_id: int, span: TimeSpan) -> Excerpt:
    """Return one recording, named by any of its rows, or what of it lies in ``span``."""
    found = reader.streams(recording_id=recording_id)
    if not found:
        raise StoreError(
            f"There is no recording {recording_id}", "ecgctl records list shows those there are"
        )
    if not found[0].raw_bytes:
        raise _nothing(reader, found[0].patient_id)
    return _excerpt(reader, found, span)


def choose_alert(reader: StoreReader, alert_id: str, around_s: float) -> Excerpt:
    """Return the signal around an alert, by sample index where the alert has one."""
    stored = reader.alert(alert_id)
    if stored is None:
        raise StoreError(
            f"No alert, or more than one, has an id that begins with {alert_id!r}",
            "ecgctl alerts list shows them; more characters make it unique",
        )
    alert = stored.alert
    index, row_id = alert.sample_index, stored.recording_id
    if index is None or row_id is None:
        at_s = alert.occurred_unix_s
        return choose_time(reader, alert.patient_id, TimeSpan(at_s - around_s, at_s + around_s))
    found = reader.streams(recording_id=row_id)
    if not found or not found[0].raw_bytes:
        raise _nothing(reader, alert.patient_id)
    reach = round(around_s * found[0].device.fs_hz)
    return _excerpt(reader, found, IndexSpan(index - reach, index + reach))


def _excerpt(reader: StoreReader, streams: tuple[StoredStream, ...], span: Span) -> Excerpt:
    excerpt = Excerpt(reader, streams, span, Losses())
    kinds = {_kind(stream.device) for stream in streams}
    if len(kinds) > 1:
        listing = ", ".join(f"{each.id} ({_kind_text(each.device)})" for each in streams)
        raise RecordingError(
            f"The span holds recordings of different kinds: {listing}",
            "Export them one by one: ecgctl records export ID",
        )
    if next(excerpt.pieces(), None) is None:
        raise _nothing(reader, streams[0].patient_id)
    return excerpt


def _kind(device: DeviceInfo) -> tuple[object, ...]:
    return device.fs_hz, device.leads, device.counts_per_mv, device.baseline_counts


def _kind_text(device: DeviceInfo) -> str:
    return f"{device.fs_hz:g} Hz, {' '.join(device.leads)}, {device.counts_per_mv:g} counts/mV"


def check_patient(reader: StoreReader, patient_id: str) -> None:
    """Raise RecordingError for a patient whom the database does not know."""
    known = [patient.patient_id for patient in reader.patients()]
    if patient_id not in known:
        raise RecordingError(
            f"The database knows no patient {patient_id!r}",
            f"It knows: {', '.join(known) or 'nobody yet'}",
        )


def _nothing(reader: StoreReader, patient_id: str) -> RecordingError:
    check_patient(reader, patient_id)
    kept = [each for each in reader.streams(patient_id, limit=_ROWS_MAX) if each.raw_bytes]
    if not kept:
        return RecordingError(
            f"The database holds no waveform of {patient_id}",
            "ecgctl status shows whether the device is heard",
        )
    since = local_time(min(each.began_unix_s for each in kept))
    until = local_time(max(each.ended_unix_s for each in kept))
    return RecordingError(
        f"The database holds no waveform of {patient_id} there",
        f"It has waveform of {patient_id} since {since}, until {until}, with gaps: "
        f"ecgctl records list --patient {patient_id}. "
        "Older detail is deleted after store.waveform_days, but for what surrounds alerts",
    )
