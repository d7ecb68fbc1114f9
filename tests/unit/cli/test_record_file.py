"""What ecgctl record writes: whole records at any moment."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgd.cli.record_file import RecordFile
from ecgd.errors import RecordingError
from ecgd.sources.byte_log import ByteLogHeader, ByteLogReader, ByteLogWriter, Direction


def _stream(pieces: list[bytes]) -> bytes:
    file = io.BytesIO()
    writer = ByteLogWriter(file, ByteLogHeader(9600, {"source": "test"}))
    for number, piece in enumerate(pieces):
        writer.write(piece, Direction(number % 2), float(number))
    return file.getvalue()


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=30), max_size=6),
    step=st.integers(1, 60),
    stop=st.integers(0, 400),
)
def test_a_stream_cut_anywhere_leaves_whole_records(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], step: int, stop: int
) -> None:
    stream = _stream(pieces)
    header_size = stream.index(b"\n") + 1
    path = tmp_path_factory.getbasetemp() / "cut.ecgdbytes"
    target = RecordFile.create(path, force=True)
    cut = stream[: header_size + stop]
    for start in range(0, len(cut), step):
        target.take(cut[start : start + step])
        assert stream.startswith(path.read_bytes())
    target.close()
    log = ByteLogReader(path)
    kept = [each.data for each in log]
    assert not log.torn
    assert kept == pieces[: len(kept)]
    if stop >= len(stream) - header_size:
        assert kept == pieces
    assert sum(target.byte_count.values()) == sum(map(len, kept))


def test_a_file_that_is_there_stays_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.ecgdbytes"
    path.write_text("precious")
    with pytest.raises(RecordingError, match="there already"):
        RecordFile.create(path, force=False)
    assert path.read_text() == "precious"
    RecordFile.create(path, force=True).close()
    assert path.read_bytes() == b""


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written"):
        RecordFile.create(tmp_path / "none" / "a.ecgdbytes", force=False)


def test_a_full_disk_is_told() -> None:
    full = Path("/dev/full")
    target = RecordFile(full, full.open("wb", buffering=0))
    with pytest.raises(RecordingError, match="No space left"):
        target.take(_stream([b"abc"]))
