"""Byte recordings: whole, torn, damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.errors import RecordingError
from ecgd.sources.byte_log import ByteLogHeader, ByteLogReader, ByteLogWriter, Direction

PIECES = [
    (10.0, Direction.FROM_DEVICE, b"hello"),
    (10.25, Direction.TO_DEVICE, b"\x00\xff"),
    (10.25, Direction.FROM_DEVICE, bytes(range(256))),
    (4000.5, Direction.FROM_DEVICE, b"late"),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "line.ecgdbytes"
    with ByteLogWriter.create(path, ByteLogHeader(38400, {"device": "Ä-1"})) as writer:
        for now_s, direction, data in PIECES:
            writer.write(data, direction, now_s)
    return path


def test_what_was_written_is_read(log: Path) -> None:
    reader = ByteLogReader(log)
    assert reader.header == ByteLogHeader(38400, {"device": "Ä-1"})
    read = list(reader)
    assert [(r.direction, r.data) for r in read] == [(d, data) for _, d, data in PIECES]
    assert [r.time_s for r in read] == pytest.approx([0.0, 0.25, 0.25, 3990.5])
    assert not reader.torn
    assert list(reader) == read


def test_any_cut_leaves_whole_records_only(log: Path) -> None:
    whole, records = log.read_bytes(), list(ByteLogReader(log))
    header_size = whole.index(b"\n") + 1
    for cut in range(header_size, len(whole)):
        log.write_bytes(whole[:cut])
        reader = ByteLogReader(log)
        read = list(reader)
        assert read == records[: len(read)]
        ends_on_a_record = cut == header_size + sum(15 + len(r.data) for r in read)
        assert reader.torn != ends_on_a_record


def test_a_damaged_record_ends_the_reading(log: Path) -> None:
    whole = bytearray(log.read_bytes())
    whole[-200] ^= 0x10
    log.write_bytes(whole)
    reader = ByteLogReader(log)
    assert [r.data for r in reader] == [b"hello", b"\x00\xff"]
    assert reader.torn


def test_long_pieces_and_a_clock_that_steps_back(tmp_path: Path) -> None:
    path = tmp_path / "long.ecgdbytes"
    data = bytes(1000) * 150
    with ByteLogWriter.create(path, ByteLogHeader()) as writer:
        writer.write(b"a", Direction.FROM_DEVICE, 5.0)
        writer.write(data, Direction.FROM_DEVICE, 4.0)
        writer.write(b"z", Direction.FROM_DEVICE, 6.0)
    read = list(ByteLogReader(path))
    assert b"".join(r.data for r in read) == b"a" + data + b"z"
    assert [read[0].time_s, read[1].time_s, read[-1].time_s] == pytest.approx([0.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no byte recording"),
        (b"\xa5\x41\x00", "is no byte recording"),
        (b"ECGDBYTES 1 {broken\n", "header line is damaged"),
        (b'ECGDBYTES 1 {"baud": 9600}\n', "header line is damaged"),
        (b"ECGDBYTES 2 {}\n", "is no byte recording"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.ecgdbytes"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=words):
        ByteLogReader(path)


def test_a_missing_file_and_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        ByteLogReader(tmp_path / "none.ecgdbytes")
    with pytest.raises(RecordingError, match="cannot be written"):
        ByteLogWriter.create(tmp_path / "no" / "x.ecgdbytes", ByteLogHeader())
