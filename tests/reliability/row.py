"""One fault, and how the daemon stood it: a line of docs/reliability.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """``happened`` holds measured figures only; ``kept`` says whether the promise was kept."""

    fault: str
    promise: str
    done: str
    happened: str
    kept: bool


class Findings:
    """Collects what was measured, and what was not as promised."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._wrong: list[str] = []

    def say(self, text: str) -> None:
        self._said.append(text)

    def check(self, kept: bool, otherwise: str) -> None:
        """Note what is wrong where something is not as promised."""
        if not kept:
            self._wrong.append(otherwise)

    def row(self, fault: str, promise: str, done: str) -> Row:
        happened = "; ".join([*self._said, *(f"NOT KEPT: {wrong}" for wrong in self._wrong)])
        return Row(fault, promise, done, happened, not self._wrong)


def spread(values: Sequence[float], unit: str = "s", digits: int = 2) -> str:
    """Return the median and the greatest of some figures, and how many they are."""
    if not values:
        return "never"
    middle, most = median(values), max(values)
    return f"p50 {middle:.{digits}f} {unit}, max {most:.{digits}f} {unit} ({len(values)})"


def count(number: int, thing: str) -> str:
    """Return "1 alert", "2 alerts"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
