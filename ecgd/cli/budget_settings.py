"""Settings as a replay needs them: those of the running daemon, and their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ecgd.config.declaration import Declared
from ecgd.config.settings import Settings
from ecgd.decision.past_verdict import Thresholds


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Return settings with the values of ``GET /v1/config``, by key; lists of tables stay empty."""
    settings: Settings = _filled(Settings(), values, "")
    return settings


def _filled(section: Any, values: Mapping[str, Any], prefix: str) -> Any:
    changed: dict[str, Any] = {}
    for member in fields(section):
        key, value = f"{prefix}{member.name}", getattr(section, member.name)
        if is_dataclass(value):
            changed[member.name] = _filled(value, values, f"{key}.")
        elif key in values:
            changed[member.name] = values[key]
    return replace(section, **changed)


def bounds_of(thresholds: Thresholds, key: str) -> tuple[float, float]:
    """Return the least and the greatest value that a setting may have."""
    *path, name = key.split(".")
    section: Any = thresholds
    for each in path:
        section = getattr(section, each)
    declared: Declared = next(f for f in fields(section) if f.name == name).metadata["declared"]
    assert declared.low is not None
    assert declared.high is not None
    return declared.low, declared.high
