"""Reads the fault light's own section, even from a configuration that the daemon refuses.

A wrong configuration is a reason why no daemon runs, so it must not be a reason for a dark light:
the section is cut out where the rest is no TOML, and a key that is wrong costs only itself.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any

from ecgd.config.declaration import Declared
from ecgd.config.fault_light import FaultLightSettings

_SECTION = re.compile(r"^[ \t]*\[fault_light\][^\n]*\n(?:(?![ \t]*\[)[^\n]*\n?)*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reading:
    """The settings, where the daemon keeps its files ("": not said), and what was wrong."""

    settings: FaultLightSettings
    state_dir: str
    problems: tuple[str, ...]


def read_configuration(path: Path) -> Reading:
    """Read what concerns the fault light; never raises, what cannot be read has its default."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror or error}"
        return Reading(FaultLightSettings(), "", (problem,))
    data, problems = _parse(text, path)
    settings, wrong = _settings(_table(data, "fault_light"))
    state_dir = _table(data, "daemon").get("state_dir")
    return Reading(settings, state_dir if isinstance(state_dir, str) else "", (*problems, *wrong))


def _parse(text: str, path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    try:
        return tomllib.loads(text), ()
    except tomllib.TOMLDecodeError as error:
        problem = f"{path} is no TOML ({error}): only [fault_light] is taken from it"
    own = _SECTION.search(text)
    try:
        return tomllib.loads(own[0] if own else ""), (problem,)
    except tomllib.TOMLDecodeError as error:
        return {}, (problem, f"[fault_light] is no TOML either ({error})")


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    table = data.get(name, {})
    return table if isinstance(table, dict) else {}


def _settings(table: dict[str, Any]) -> tuple[FaultLightSettings, tuple[str, ...]]:
    good: dict[str, Any] = {}
    problems = []
    known = {member.name: member for member in fields(FaultLightSettings)}
    for key, value in table.items():
        wrong = _wrong(known[key], value) if key in known else "is not known"
        if wrong:
            problems.append(f"fault_light.{key} {wrong}, it is passed over")
        else:
            good[key] = float(value) if isinstance(known[key].default, float) else value
    return FaultLightSettings(**good), tuple(problems)


def _wrong(member: Field[Any], value: Any) -> str:
    """Say what is wrong with a value; empty: nothing."""
    about: Declared = member.metadata["declared"]
    numeric = isinstance(member.default, float) and type(value) is int
    if type(value) is not type(member.default) and not numeric:
        return f"is {value!r}, which is no {type(member.default).__name__}"
    if about.choices and value not in about.choices:
        return f"should be one of {', '.join(about.choices)}, not {value!r}"
    if about.low is not None and about.high is not None and not about.low <= value <= about.high:
        return f"should be {about.low:g} to {about.high:g}, not {value!r}"
    return ""
