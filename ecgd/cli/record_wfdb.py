"""Signal as a WFDB record: header, samples in format 16 or 32, alerts as annotations.

Written here and not by the package wfdb: that holds a whole signal in memory, turns counts into
floats on the way, and brings pandas along. The layout is that of header(5), signal(5), annot(5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np

from ecgd import __version__
from ecgd.cli.export_files import Drafts
from ecgd.cli.moments import zoned_time
from ecgd.cli.record_excerpt import Excerpt, Placed
from ecgd.cli.record_tally import Tally
from ecgd.cli.wfdb_annotations import encode_notes
from ecgd.cli.words import clean
from ecgd.errors import RecordingError
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import IntArray
from ecgd.store.entries import StoredAlert

ANNOTATOR: Final = "alerts"
"""Extension of the annotation file."""

FILLED_GAP_S: Final = 10.0
"""A gap up to this is filled with WFDB's missing value, a longer one ends the segment."""

_RECORD_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_DTYPE: Final = {16: "<i2", 32: "<i4"}
_MISSING: Final = {16: -(1 << 15), 32: -(1 << 31)}


@dataclass(slots=True)
class _Segment:
    """One uninterrupted stretch and what its header says of it."""

    tag: str
    begin: int
    end: int
    first: tuple[int, ...]
    checksums: IntArray
    unix_s: float


class _TooWideError(Exception):
    """A count does not fit the format."""


def record_name(path: Path) -> str:
    """Return the record's name; raises RecordingError for one that WFDB does not take."""
    name = path.name.removesuffix(".hea")
    if _RECORD_NAME.fullmatch(name):
        return name
    raise RecordingError(
        f"{path.name!r} is no name for a WFDB record",
        "Name it with letters, digits, - and _ only: --out DIRECTORY/NAME",
    )


def write_wfdb(
    excerpt: Excerpt, drafts: Drafts, record: str, *, name: bool
) -> tuple[tuple[Path, ...], Tally]:
    """Write and publish the record's files, the header last; return them and what is in them.

    Raises RecordingError for counts that no format holds.
    """
    for bits in _DTYPE:
        writer, tally = _SignalWriter(excerpt.device, drafts, bits), Tally()
        try:
            for piece in excerpt.pieces():
                writer.take(piece)
                tally.take(piece)
        except _TooWideError:
            continue
        files = _Files(excerpt, drafts, record, writer, tally)
        return files.publish(_comments(excerpt, tally, name=name)), tally
    raise RecordingError(
        "The signal holds counts that no WFDB format can hold", "Export it with --format csv"
    )


class _SignalWriter:
    """Writes samples, segment by segment."""

    def __init__(self, device: DeviceInfo, drafts: Drafts, bits: int) -> None:
        self._drafts = drafts
        self._filled = round(FILLED_GAP_S * device.fs_hz)
        self.bits = bits
        self.segments: list[_Segment] = []

    def take(self, piece: Placed) -> None:
        """Write one piece; raises _TooWideError."""
        missing = _MISSING[self.bits]
        counts = piece.counts.astype(np.int64)
        valid = counts[:, piece.valid]
        if valid.size and (valid.min() <= missing or valid.max() >= -missing):
            raise _TooWideError
        samples = np.where(piece.valid, counts, missing)
        if not self.segments or piece.position - self.segments[-1].end > self._filled:
            self._begin(piece, samples)
        elif gap := piece.position - self.segments[-1].end:
            self._write(np.full((len(samples), gap), missing))
        self._write(samples)

    def _begin(self, piece: Placed, samples: IntArray) -> None:
        tag = f"{len(self.segments) + 1:04d}"
        self._file = self._drafts.create(tag)
        first = tuple(int(count) for count in samples[:, 0])
        nothing = np.zeros(len(samples), np.int64)
        begin = piece.position
        self.segments.append(_Segment(tag, begin, begin, first, nothing, piece.unix_s))

    def _write(self, samples: IntArray) -> None:
        segment = self.segments[-1]
        segment.checksums = segment.checksums + samples.sum(axis=1)
        segment.end += samples.shape[1]
        self._file.write(samples.T.astype(_DTYPE[self.bits]).tobytes())


@dataclass(frozen=True, slots=True)
class _Files:
    """The files of one record."""

    excerpt: Excerpt
    drafts: Drafts
    record: str
    writer: _SignalWriter
    tally: Tally

    def publish(self, comments: list[str]) -> tuple[Path, ...]:
        """Write headers and annotations, and give every file its name."""
        segments = self.writer.segments
        if len(segments) == 1:
            names = [(segments[0].tag, f"{self.record}.dat")]
            lines = self._segment_lines(segments[0], self.record)
        else:
            names, lines = self._add_segments()
        alerts = self._add_alerts()
        names += alerts
        names.append(self._add_header("hea", self.record, [*lines, *comments]))
        return self.drafts.publish(names, () if alerts else (f"{self.record}.{ANNOTATOR}",))

    def _add_segments(self) -> tuple[list[tuple[str, str]], list[str]]:
        """Write the headers of segments and layout; return files, and lines of the main header."""
        names = [self._add_header("layout", f"{self.record}_layout", self._layout_lines())]
        listed, end = [f"{self.record}_layout 0"], 0
        for segment in self.writer.segments:
            own = f"{self.record}_{segment.tag}"
            names.append((segment.tag, f"{own}.dat"))
            lines = [*self._segment_lines(segment, own), f"# begins {zoned_time(segment.unix_s)}"]
            names.append(self._add_header(f"{segment.tag}h", own, lines))
            if segment.begin > end:
                listed.append(f"~ {segment.begin - end}")
            listed.append(f"{own} {segment.end - segment.begin}")
            end = segment.end
        first = self._record_line(f"{self.record}/{len(listed)}", end)
        return names, [first, *listed]

    def _add_header(self, tag: str, own: str, lines: list[str]) -> tuple[str, str]:
        self.drafts.create(tag).write(("\n".join(lines) + "\n").encode())
        return tag, f"{own}.hea"

    def _add_alerts(self) -> list[tuple[str, str]]:
        notes = []
        for stored in self.excerpt.alerts():
            position = self.tally.position_of(stored, self.excerpt.device.fs_hz)
            if position is not None:
                notes.append((position, _alert_text(stored)))
        if not notes:
            return []
        self.drafts.create(ANNOTATOR).write(encode_notes(notes))
        return [(ANNOTATOR, f"{self.record}.{ANNOTATOR}")]

    def _record_line(self, title: str, samples: int) -> str:
        device = self.excerpt.device
        begun = datetime.fromtimestamp(self.tally.start_unix_s, UTC).astimezone()
        clock = begun.strftime("%H:%M:%S.%f %d/%m/%Y")
        return f"{title} {len(device.leads)} {_decimal(device.fs_hz)} {samples} {clock}"

    def _segment_lines(self, segment: _Segment, own: str) -> list[str]:
        samples = segment.end - segment.begin
        if own == self.record:
            lines = [self._record_line(own, samples)]
        else:
            device = self.excerpt.device
            lines = [f"{own} {len(device.leads)} {_decimal(device.fs_hz)} {samples}"]
        checksums = [_signed_16(int(each)) for each in segment.checksums]
        for row, lead in enumerate(self.excerpt.device.leads):
            figures = f"{segment.first[row]} {checksums[row]} 0"
            lines.append(f"{own}.dat {self.writer.bits} {self._scale()} 0 {figures} {clean(lead)}")
        return lines

    def _layout_lines(self) -> list[str]:
        device = self.excerpt.device
        first = f"{self.record}_layout {len(device.leads)} {_decimal(device.fs_hz)} 0"
        return [first, *(f"~ 0 {self._scale()} 0 0 0 0 {clean(each)}" for each in device.leads)]

    def _scale(self) -> str:
        device = self.excerpt.device
        gain = _decimal(device.counts_per_mv)
        return f"{gain}({device.baseline_counts})/mV {device.adc_bits}"


def _comments(excerpt: Excerpt, tally: Tally, *, name: bool) -> list[str]:
    device = excerpt.device
    named = f", {clean(excerpt.patient_name)}" if name else ""
    corners = [
        f"{what} {corner_hz:g} Hz" if corner_hz is not None else f"{what} not known"
        for what, corner_hz in (("high-pass", device.highpass_hz), ("low-pass", device.lowpass_hz))
    ]
    firmware = f", firmware {clean(device.firmware)}" if device.firmware else ""
    return [
        f"# ecgd {__version__}",
        f"# patient {excerpt.patient_id}{named}",
        f"# device {clean(device.device_id)}{firmware}, front end {', '.join(corners)}",
        f"# begins {zoned_time(tally.start_unix_s)}; the time above is local",
    ]


def _alert_text(stored: StoredAlert) -> str:
    alert = stored.alert
    where = f" {alert.territory.value}" if alert.territory else ""
    marked = f" marked {stored.verdict.value}" if stored.verdict else ""
    what = f"{alert.event_type.value} {alert.severity.name}{where}"
    return f"{what} alert {alert.alert_id}{marked}"


def _decimal(value: float) -> str:
    """Return a number as header(5) takes it: all its digits, no exponent."""
    return f"{Decimal(repr(value)).normalize():f}"


def _signed_16(total: int) -> int:
    return (total + (1 << 15)) % (1 << 16) - (1 << 15)
