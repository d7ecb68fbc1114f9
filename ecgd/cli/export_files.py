"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ecgd.errors import RecordingError


@dataclass(slots=True)
class Drafts:
    """Files under way in one directory; those that are not published are removed at the end."""

    directory: Path
    stem: str
    force: bool
    _open: dict[str, BinaryIO] = field(default_factory=dict)

    def create(self, tag: str) -> BinaryIO:
        """Begin a file, or begin it anew; ``tag`` names it until it is published."""
        if tag in self._open:
            self._open.pop(tag).close()
        file = self._path(tag).open("wb")
        self._open[tag] = file
        return file

    def drop(self, tag: str) -> None:
        """Remove a file that is not wanted after all."""
        self._open.pop(tag).close()
        self._path(tag).unlink()

    def publish(
        self, names: Sequence[tuple[str, str]], obsolete: Sequence[str] = ()
    ) -> tuple[Path, ...]:
        """Give files, in order, their own names: (tag, file name); each is on the disk before.

        Files called ``obsolete`` would be taken for part of these, and go. Raises RecordingError
        when a name of either kind is taken and ``force`` is False.
        """
        paths = tuple(self.directory / name for _, name in names)
        old = [self.directory / name for name in obsolete]
        refuse_existing((*paths, *old), force=self.force)
        for tag, _ in names:
            file = self._open[tag]
            file.flush()
            os.fsync(file.fileno())
            file.close()
        if len(names) > 1:
            # The last file makes sense of the others: an old one must not speak of new ones.
            paths[-1].unlink(missing_ok=True)
        for path in old:
            path.unlink(missing_ok=True)
        for (tag, _), path in zip(names, paths, strict=True):
            self._path(tag).replace(path)
            del self._open[tag]
        return paths

    def discard(self) -> None:
        """Remove what was not published."""
        for tag, file in self._open.items():
            with suppress(OSError):
                file.close()
            self._path(tag).unlink(missing_ok=True)
        self._open.clear()

    def _path(self, tag: str) -> Path:
        return self.directory / f".{self.stem}.{tag}.{os.getpid()}.part"


@contextmanager
def drafts(path: Path, *, force: bool) -> Iterator[Drafts]:
    """Give a place for the files of ``path``; raises RecordingError when they cannot be written."""
    made = Drafts(path.parent, path.stem, force)
    try:
        yield made
    except OSError as wrong:
        raise RecordingError(
            f"Cannot write {path}: {wrong.strerror or wrong}",
            "Name a file in a directory that this user may write to with --out",
        ) from wrong
    finally:
        made.discard()


def refuse_existing(paths: Sequence[Path], *, force: bool) -> None:
    """Raise RecordingError when a file is there already, unless ``force``."""
    there = [path for path in paths if path.exists()]
    if there and not force:
        raise RecordingError(
            f"{there[0]} is there already", "Name another file with --out, or add --force"
        )
