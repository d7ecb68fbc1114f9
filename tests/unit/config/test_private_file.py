"""Secrets: a file that others may read is refused, whatever its owner may do."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgd.config.private_file import SharedFileError, read_secret


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_private_file_is_read_to_its_limit(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"0123456789")
    path.chmod(mode)
    assert read_secret(path, 4) == b"0123"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o602, 0o777])
def test_what_others_may_open_is_refused_unless_its_directory_guards_it(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"known")
    path.chmod(mode)
    with pytest.raises(SharedFileError) as refused:
        read_secret(path, 100)
    assert refused.value.mode == mode
    assert read_secret(path, 100, private=False) == b"known"
