"""Reads the options of a source URL, and collects every problem instead of stopping at one."""

from __future__ import annotations

import math
from urllib.parse import parse_qsl


class Options:
    """The query of one source URL. ``problems`` grows as values are read."""

    def __init__(self, query: str, known: tuple[str, ...]) -> None:
        self.problems: list[str] = []
        self._values: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name not in known:
                listing = ", ".join(known) or "none"
                self.problems.append(f"unknown option {name!r} (known: {listing})")
            elif name in self._values:
                self.problems.append(f"option {name!r} is given twice")
            else:
                self._values[name] = value

    def text(self, name: str) -> str | None:
        """Return an option as it stands, None where it is not given."""
        return self._values.get(name)

    def refuse(self, name: str, value: str, wanted: str) -> None:
        """Record that an option's value will not do."""
        self.problems.append(f"{name}={value}: must be {wanted}")

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Return a number within bounds."""
        text = self.text(name)
        if text is None:
            return default
        value = read_number(text)
        if value is None or not low <= value <= high:
            self.refuse(name, text, f"a number from {low:g} to {high:g}")
            return default
        return value

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number within bounds."""
        text = self.text(name)
        if text is None:
            return default
        if not text.isdecimal() or not low <= int(text) <= high:
            self.refuse(name, text, f"a whole number from {low} to {high}")
            return default
        return int(text)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        """Return one of the choices."""
        text = self.text(name)
        if text is None:
            return default
        if text not in choices:
            self.refuse(name, text, f"one of {', '.join(choices)}")
            return default
        return text


def read_number(text: str) -> float | None:
    """Return a finite number, None if the text is not one."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
