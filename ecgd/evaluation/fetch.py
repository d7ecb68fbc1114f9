"""Fetches open databases from their official home, PhysioNet, and checks every file's sum."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import requests

from ecgd.errors import RecordingError

HOME: Final = "https://physionet.org/files"
SUMS: Final = "SHA256SUMS.txt"
TIMEOUT_S: Final = 60.0
WANTED: Final = (".hea", ".dat", ".atr", ".q1c", ".i", ".ii", ".iii", ".avr", ".avl", ".avf")
"""Signals, beats and rhythms, QTDB's and LUDB's boundaries."""


@dataclass(frozen=True, slots=True)
class Source:
    """``folder`` is where the studies look for it; ``part`` is the folder that is wanted of it."""

    folder: str
    project: str
    licence: str
    part: str = "."


SOURCES: Final = (
    Source("mitdb", "mitdb/1.0.0", "ODC-By 1.0"),
    Source("nstdb", "nstdb/1.0.0", "ODC-By 1.0"),
    Source("ludb", "ludb/1.0.1", "ODC-By 1.0", part="data"),
    Source("qtdb", "qtdb/1.0.0", "ODC-By 1.0"),
    Source("vfdb", "vfdb/1.0.0", "ODC-By 1.0"),
    Source("cudb", "cudb/1.0.0", "ODC-By 1.0"),
)


def fetch_source(source: Source, data: Path, say: Callable[[str], None], home: str = HOME) -> int:
    """Fetch what is missing or damaged of one database; return how many files that were.

    A file is put in place only when its sum is right, so that a fetch which was cut off goes on.
    Raises RecordingError where the network or the server fails.
    """
    folder = data / source.folder
    folder.mkdir(parents=True, exist_ok=True)
    listed = _get(f"{home}/{source.project}/{SUMS}").decode("utf-8", "replace")
    wanted = list(_wanted(listed, source.part))
    if not wanted:
        raise RecordingError(
            f"{source.project}: its list of files names none that is known",
            "Look at the address in a browser; the database may have moved.",
        )
    missing = [(path, sum_) for path, sum_ in wanted if _sum_of(folder / path.name) != sum_]
    say(f"{source.folder}: {len(missing)} of {len(wanted)} files ({source.licence})")
    for path, sum_ in missing:
        content = _get(f"{home}/{source.project}/{path}")
        if hashlib.sha256(content).hexdigest() != sum_:
            raise RecordingError(
                f"{source.project}/{path}: arrived damaged", "Run the same command again."
            )
        part = folder / f"{path.name}.part"
        part.write_bytes(content)
        part.replace(folder / path.name)
    return len(missing)


def _wanted(listed: str, part: str) -> Iterator[tuple[PurePosixPath, str]]:
    for line in listed.splitlines():
        sum_, _, name = line.partition(" ")
        path = PurePosixPath(name.strip())
        if path.suffix in WANTED and str(path.parent) == part:
            yield path, sum_


def _sum_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _get(url: str) -> bytes:
    try:
        answer = requests.get(url, timeout=TIMEOUT_S)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise RecordingError(
            f"{url}: {error}", "Check the network, and run the same command again."
        ) from error
    return answer.content
