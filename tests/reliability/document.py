"""Keeps rows between runs, and writes the table of docs/reliability.md."""

from __future__ import annotations

import json
import os
import platform
import re
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ecgd import __version__
from reliability.row import Row
from reliability.trials import TRIALS

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_PLACE = re.compile(r"/tmp/ecgd\w+")


class Kept:
    """Rows in a file, by trial: a run that is cut off goes on where it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._trials: dict[str, dict[str, Any]] = {}
        if path.exists():
            self._trials = json.loads(path.read_text(encoding="utf-8"))

    @property
    def names(self) -> set[str]:
        return set(self._trials)

    def forget(self) -> None:
        self._trials.clear()

    def keep(self, name: str, rows: tuple[Row, ...], command: str) -> None:
        with self._lock:
            self._trials[name] = {
                "command": command,
                "date": time.strftime("%Y-%m-%d"),
                "machine": machine(),
                "rows": [asdict(row) for row in rows],
            }
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(self._trials, indent=1), encoding="utf-8")
            fresh.replace(self._path)

    def rows(self) -> list[Row]:
        """Return every row, in the order of the trials."""
        found = (self._trials[name]["rows"] for name in TRIALS if name in self._trials)
        return [Row(**row) for rows in found for row in rows]

    def origins(self) -> list[str]:
        """Return which command measured what, when and where."""
        return sorted(
            {f"`{t['command']}`, {t['date']}, {t['machine']}" for t in self._trials.values()}
        )


def machine() -> str:
    """Return what the figures depend on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    python = platform.python_version()
    return f"{model}, {os.cpu_count()} cores, Python {python}, ecgd {__version__}"


def table(kept: Kept) -> str:
    """Return the measured part of the document."""
    rows = kept.rows()
    origins = "\n".join(f"- {origin}" for origin in kept.origins())
    missing = [f"`{name}`" for name in TRIALS if name not in kept.names]
    lines = [
        f"{len(rows)} promises tried, {sum(row.kept for row in rows)} kept. Measured by:",
        "",
        origins,
        "",
        *([f"Not tried in these runs: {', '.join(missing)}.", ""] if missing else []),
        "| fault | promised | done | happened | kept |",
        "|---|---|---|---|---|",
        *(_line(row) for row in rows),
    ]
    return "\n".join(lines)


def write(document: Path, kept: Kept) -> None:
    """Put the table between its markers; ValueError where they are missing."""
    before, begin, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document} has no {BEGIN} … {END}")
    text = f"{before}{BEGIN}\n{table(kept)}\n{END}{after}"
    document.write_text(text, encoding="utf-8")


def _line(row: Row) -> str:
    cells = (row.fault, row.promise, row.done, row.happened, "yes" if row.kept else "**no**")
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return _PLACE.sub("…", " ".join(text.split())).replace("|", "\\|")
