"""Properties of byte recordings."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ecgd.sources.byte_log import ByteLogHeader, ByteLogReader, ByteLogWriter, Direction

PIECES = st.lists(
    st.tuples(st.binary(min_size=1, max_size=300), st.sampled_from(Direction), st.floats(0, 1e5)),
    max_size=20,
)


@given(pieces=PIECES, cut=st.integers(0, 400), flip=st.none() | st.integers(0, 10**6))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_what_can_be_read_is_what_was_written(
    pieces: list[tuple[bytes, Direction, float]], cut: int, flip: int | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.ecgdbytes"
        with ByteLogWriter.create(path, ByteLogHeader()) as writer:
            now_s = 0.0
            for data, direction, passed_s in pieces:
                now_s += passed_s
                writer.write(data, direction, now_s)
        whole = bytearray(path.read_bytes())
        body = whole.index(b"\n") + 1
        if flip is not None and len(whole) > body:
            whole[body + flip % (len(whole) - body)] ^= 0x40
        path.write_bytes(whole[: max(body, len(whole) - cut)])
        reader = ByteLogReader(path)
        read = [(logged.data, logged.direction) for logged in reader]
    written = [(data, direction) for data, direction, _ in pieces]
    assert read == written[: len(read)]
    if cut == 0 and flip is None:
        assert read == written
        assert not reader.torn
