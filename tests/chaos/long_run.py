"""Many trials with other seeds, kept between runs: the search for a false packet."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chaos.page import block_trial
from chaos.run import CHANCE_OF_A_TAG
from chaos.scenarios import SCENARIOS

TRIAL_SAMPLES = 200_000
MOST = frozenset({"lost_after", "back_s"})
"""Of these the greatest counts, of the others the sum."""

LONG_HEAD = (
    "| disturbance | trials | sent | wrong | wrong CRC | expected false | false | lost after |\n"
    "|---|---|---|---|---|---|---|---|"
)


class LongRun:
    """Runs trials of every disturbance in turn until ``samples`` were sent in all."""

    def __init__(self, path: Path, samples: float, seed: int) -> None:
        self._path = path
        self._samples = samples
        self._seed = seed
        self.rows: dict[str, dict[str, Any]] = {}
        if path.exists():
            self.rows = json.loads(path.read_text(encoding="utf-8"))

    @property
    def sent(self) -> int:
        return sum(row["sent"] for row in self.rows.values())

    def go_on(self, only: list[str] | None, say: Callable[..., None]) -> bool:
        """Run what is still to be run; return whether everything was right."""
        # A processor is a name's own, so trials of one name follow each other.
        with ProcessPoolExecutor(os.cpu_count(), initializer=os.nice, initargs=(5,)) as pool:
            while self.sent < self._samples:
                jobs = list(self._round(only or list(SCENARIOS)))
                for (name, _), outcome in zip(jobs, pool.map(_trial, jobs), strict=True):
                    self._add(name, outcome)
                self._keep()
                say(f"{self.sent:.3g} samples sent, {self.total('false_packets')} false packets")
        return all(row["all_right"] for row in self.rows.values())

    def total(self, key: str) -> int:
        """Return one figure of all rows together."""
        return sum(row[key] for row in self.rows.values())

    def _round(self, names: list[str]) -> Iterator[tuple[str, int]]:
        for name in names:
            if name in SCENARIOS:
                trials = self.rows.get(name, {}).get("trials", 0)
                yield name, self._seed + 1000 + trials

    def _add(self, name: str, outcome: dict[str, Any]) -> None:
        row = self.rows.setdefault(
            name, dict.fromkeys(outcome, 0) | {"trials": 0, "all_right": True}
        )
        row["trials"] += 1
        for key, value in outcome.items():
            if key == "all_right":
                row[key] = row[key] and value
            else:
                row[key] = max(row[key], value) if key in MOST else row[key] + value

    def _keep(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(self.rows, indent=1), encoding="utf-8")
        fresh.replace(self._path)


def _trial(job: tuple[str, int]) -> dict[str, Any]:
    name, seed = job
    outcome = block_trial(name, TRIAL_SAMPLES // SCENARIOS[name].times, seed)
    return asdict(outcome) | {"all_right": outcome.adds_up}


def long_lines(run: LongRun) -> list[str]:
    """Return the rows of docs/link.md."""
    sent, candidates = (f"{n:,}".replace(",", " ") for n in (run.sent, run.total("candidates")))
    expected = run.total("candidates") * CHANCE_OF_A_TAG
    lines = [
        f"{sent} samples in {run.total('trials')} trials, {candidates} candidates with a wrong "
        f"CRC: **{run.total('false_packets')} false packets**; {expected:.1e} were to be expected.",
        "",
        LONG_HEAD,
    ]
    for name, scenario in SCENARIOS.items():
        if name in run.rows:
            lines.append(_line(scenario.words, run.rows[name]))
    return lines


def _line(words: str, row: dict[str, Any]) -> str:
    wrong = row["wrong_gaps"] + row["shifted"] + row["twice"] + row["misnamed"]
    cells = (
        words,
        row["trials"],
        f"{row['sent']:,}".replace(",", " "),
        f"{wrong:,}".replace(",", " "),
        f"{row['candidates']:,}".replace(",", " "),
        f"{row['candidates'] * CHANCE_OF_A_TAG:.1e}",
        row["false_packets"],
        row["lost_after"],
    )
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
