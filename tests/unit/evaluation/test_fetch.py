"""Databases are fetched from a real HTTP server; what arrives damaged is not put in place."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ecgd.errors import RecordingError
from ecgd.evaluation.fetch import Source, fetch_source

SOURCE = Source("ludb", "ludb/1.0.1", "ODC-By 1.0", part="data")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server, and the folder of the project that it serves."""
    root = tmp_path / "server"
    project = root / SOURCE.project
    (project / "data").mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", project
    server.shutdown()
    thread.join()
    server.server_close()


def _publish(project: Path, files: dict[str, bytes]) -> None:
    lines = []
    for name, content in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}")
    (project / "SHA256SUMS.txt").write_text("\n".join(lines) + "\n")


def test_wanted_files_arrive_and_no_others(home: tuple[str, Path], tmp_path: Path) -> None:
    url, project = home
    _publish(project, {"data/1.hea": b"head", "data/1.dat": b"wave", "README.dat": b"elsewhere"})
    said: list[str] = []
    assert fetch_source(SOURCE, tmp_path / "data", said.append, url) == 2
    folder = tmp_path / "data" / "ludb"
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {
        "1.hea": b"head",
        "1.dat": b"wave",
    }
    assert said == ["ludb: 2 of 2 files (ODC-By 1.0)"]


def test_a_second_fetch_brings_only_what_is_missing_or_damaged(
    home: tuple[str, Path], tmp_path: Path
) -> None:
    url, project = home
    _publish(project, {"data/1.hea": b"head", "data/1.dat": b"wave"})
    fetch_source(SOURCE, tmp_path, lambda _: None, url)
    (tmp_path / "ludb" / "1.dat").write_bytes(b"half")
    assert fetch_source(SOURCE, tmp_path, lambda _: None, url) == 1
    assert (tmp_path / "ludb" / "1.dat").read_bytes() == b"wave"
    assert fetch_source(SOURCE, tmp_path, lambda _: None, url) == 0


def test_what_arrives_damaged_is_refused(home: tuple[str, Path], tmp_path: Path) -> None:
    url, project = home
    _publish(project, {"data/1.dat": b"wave"})
    (project / "data" / "1.dat").write_bytes(b"waxe")
    with pytest.raises(RecordingError, match="arrived damaged"):
        fetch_source(SOURCE, tmp_path, lambda _: None, url)
    assert not (tmp_path / "ludb" / "1.dat").exists()


def test_a_server_that_has_nothing_is_named(home: tuple[str, Path], tmp_path: Path) -> None:
    url, project = home
    with pytest.raises(RecordingError, match="404"):
        fetch_source(SOURCE, tmp_path, lambda _: None, url)
    _publish(project, {"LICENSE.txt": b"text"})
    with pytest.raises(RecordingError, match="names none"):
        fetch_source(SOURCE, tmp_path, lambda _: None, url)
