"""Chunked bodies and lines of JSON, cut anywhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgd.cli.client import UnreachableError
from ecgd.cli.stream_client import Chunks, Ending, LineReader, StreamClient
from ecgd.errors import ControlError

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def _chunked(parts: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@given(parts=st.lists(st.binary(min_size=1, max_size=40), max_size=8), step=st.integers(1, 50))
def test_a_body_cut_anywhere_is_the_same(parts: list[bytes], step: int) -> None:
    body, chunks, taken = _chunked(parts), Chunks(), b""
    for start in range(0, len(body), step):
        assert not chunks.done or not body[start:].strip()
        taken += chunks.feed(body[start : start + step])
    assert taken == b"".join(parts)
    assert chunks.done


def test_a_body_that_breaks_off_is_not_done() -> None:
    chunks = Chunks()
    assert chunks.feed(b"5\r\nab") == b"ab"
    assert not chunks.done


@pytest.mark.parametrize("nonsense", [b"zz\r\n", b"-5\r\n", b"x" * 100])
def test_what_is_no_chunk_is_refused(nonsense: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Chunks().feed(nonsense)


@given(st.integers(1, 30))
def test_lines_cut_anywhere_are_the_same_objects(step: int) -> None:
    text = '{"a": "ü"}\n[1]\n{"b": null}\n'.encode()
    reader = LineReader()
    pieces = (text[start : start + step] for start in range(0, len(text), step))
    assert [told for piece in pieces for told in reader.feed(piece)] == [{"a": "ü"}, {"b": None}]


def test_a_line_that_is_no_json_is_refused() -> None:
    with pytest.raises(ControlError, match="no JSON"):
        list(LineReader().feed(b"oops\n"))


@contextmanager
def _answering(path: Path, answer: bytes) -> Iterator[None]:
    """Answer one connection with ``answer`` and hang up."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection = listener.accept()[0]
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(5)


def _read_all(stream: StreamClient) -> bytes:
    said = b""
    while stream.ending is None:
        assert stream.wait(5)
        said += stream.read()
    return said + stream.read()


def test_an_end_is_told_from_a_cut(short_dir: Path) -> None:
    for name, answer, ending in (
        ("a", HEAD + _chunked([b"one", b"two"]), Ending.WHOLE),
        ("b", HEAD + b"3\r\none\r\n3\r\ntwo", Ending.CUT),
    ):
        path = short_dir / name
        with _answering(path, answer), StreamClient(path, "/v1/events", 5) as stream:
            assert _read_all(stream) == b"onetwo"
            assert stream.ending is ending


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example.org ESMTP\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"zz\r\n",
    ],
)
def test_a_stranger_on_the_socket_is_told(short_dir: Path, answer: bytes) -> None:
    path = short_dir / "s"
    with (
        _answering(path, answer),
        pytest.raises(ControlError, match="does not speak ecgd's API"),
        StreamClient(path, "/v1/events", 5) as stream,
    ):
        _read_all(stream)


def test_a_refusal_is_told_in_the_daemons_words(short_dir: Path) -> None:
    body = b'{"error": {"status": 503, "what": "no room", "remedy": "close one"}}'
    answer = b"HTTP/1.1 503 Busy\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    path = short_dir / "s"
    with _answering(path, answer), pytest.raises(ControlError, match=r"no room\. close one"):
        StreamClient(path, "/v1/events", 5)


def test_nobody_there_is_told(short_dir: Path) -> None:
    with pytest.raises(UnreachableError, match="no daemon is running"):
        StreamClient(short_dir / "none", "/v1/events", 5)
