"""The text of a table: its encoding, and its lines in blocks."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ecgd.errors import RecordingError
from ecgd.sources.recording_file import open_recording

_HEAD_BYTES: Final = 65536
_BLOCK_CHARS: Final = 4_000_000
_LINE_CHARS_MAX: Final = 100_000

_BINARY: Final = {
    b"PK\x03\x04": "an Excel workbook or another archive",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a compressed file",
}


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines without their ends; ``first_line`` counts from 1.

    ``is_torn``: the file ends in the middle of the last line, as far as its end can tell.
    """

    first_line: int
    lines: list[str]
    is_torn: bool = False


def find_encoding(path: Path) -> str:
    """Return the encoding of a text file: by its mark, UTF-8 where that fits, else Windows'.

    Raises RecordingError for what is no text.
    """
    with open_recording(path) as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for magic, what in _BINARY.items():
        if head.startswith(magic):
            raise RecordingError(f"{path}: is {what}, no table in text", "Export it as CSV.")
    if b"\0" in head:
        raise RecordingError(f"{path}: is no text file", "A table has one sample a line.")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def read_blocks(path: Path, encoding: str) -> Iterator[Block]:
    """Yield the file's lines, some megabytes at a time. Raises RecordingError."""
    number = 1
    try:
        with path.open(encoding=encoding, errors="replace", newline=None) as file:
            while text := file.read(_BLOCK_CHARS):
                if not text.endswith("\n"):
                    text += file.readline(_LINE_CHARS_MAX)
                lines = text.split("\n")
                is_torn = bool(lines[-1])
                if not is_torn:
                    lines.pop()
                _check_lengths(path, lines, number)
                yield Block(number, lines, is_torn)
                number += len(lines)
    except (OSError, UnicodeError) as error:
        raise RecordingError(f"{path}: cannot be read ({error})", "Copy it again.") from error


def _check_lengths(path: Path, lines: list[str], first_line: int) -> None:
    longest = max(range(len(lines)), key=lambda index: len(lines[index]))
    if len(lines[longest]) >= _LINE_CHARS_MAX:
        raise RecordingError(
            f"{path}, line {first_line + longest}: is longer than {_LINE_CHARS_MAX} characters",
            "A table has one sample a line: write it transposed.",
        )
