"""How a setting is declared: a dataclass field with unit, bounds and meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of one setting besides its type and default."""

    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


def setting(
    default: Any,
    meaning: str,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare a setting with a default."""
    declared = Declared(meaning, unit, low, high, choices)
    return field(default=default, metadata={"declared": declared})


def required(meaning: str, *, choices: tuple[str, ...] = ()) -> Any:
    """Declare a setting that has no default."""
    return field(metadata={"declared": Declared(meaning, choices=choices)})


def section(factory: Callable[[], Any], meaning: str) -> Any:
    """Declare a table, or an array of tables, of settings."""
    return field(default_factory=factory, metadata={"declared": Declared(meaning)})
