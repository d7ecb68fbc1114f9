"""A key comes from a file that nobody else can read, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.errors import SourceError
from ecgd.protocol import LinkKey
from ecgd.sources.key_file import load_link_key, read_key

DIGITS = "00112233445566778899aabbccddeeff"


def key_file(directory: Path, content: str, mode: int = 0o600) -> Path:
    path = directory / "anna.key"
    path.write_text(content, encoding="ascii")
    path.chmod(mode)
    return path


def test_a_key_is_32_hexadecimal_digits(tmp_path: Path) -> None:
    path = key_file(tmp_path, f"{DIGITS.upper()}\n")
    assert read_key(path) == bytes.fromhex(DIGITS)
    assert load_link_key(path).fingerprint == LinkKey(bytes.fromhex(DIGITS)).fingerprint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, DIGITS, mode)
    with pytest.raises(SourceError, match=f"chmod 0600 {path}"):
        load_link_key(path)


@pytest.mark.parametrize(
    "content", ["", DIGITS[:-1], DIGITS + "00", "no key at all", "0x" + DIGITS]
)
def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path, content: str) -> None:
    path = key_file(tmp_path, content)
    with pytest.raises(SourceError, match="32 hexadecimal digits") as caught:
        load_link_key(path)
    assert DIGITS not in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="ecgctl device key"):
        load_link_key(tmp_path / "none.key")
