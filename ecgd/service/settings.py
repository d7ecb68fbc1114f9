"""The configuration file: TOML in, ``Settings`` or every problem at once out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from ecgd.config.declaration import Declared
from ecgd.config.settings import PatientSettings, Settings
from ecgd.errors import ConfigError, ConfigProblem, EcgdError
from ecgd.service.settings_rules import find_contradictions
from ecgd.service.toml_lines import KeyPath, locate_keys

_STRICT = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)


def load_settings(path: Path) -> Settings:
    """Read a configuration file.

    Raises ``ConfigError`` with every problem, each with key path and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise EcgdError(
            f"cannot read the configuration {path}: {error.strerror or error}",
            "Name an existing file with --config; config/ecgd.toml is an example",
        ) from error
    except UnicodeDecodeError as error:
        raise EcgdError(f"{path} is not UTF-8 text", "Save the file as UTF-8") from error
    return parse_settings(text, str(path))


def parse_settings(text: str, name: str) -> Settings:
    """Turn TOML text into ``Settings``; ``name`` is what errors call it."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(name, (ConfigProblem("(syntax)", None, str(error)),)) from error
    lines = locate_keys(text)
    try:
        model = _model_of(Settings).model_validate(data)
    except ValidationError as error:
        raise ConfigError(name, _problems(error, lines)) from error
    settings: Settings = _value_of(Settings, model)
    contradictions = find_contradictions(settings)
    if contradictions:
        problems = (ConfigProblem(_dotted(p), lines.get(p), what) for p, what in contradictions)
        raise ConfigError(name, tuple(problems))
    return settings


def parse_patient(
    data: Mapping[str, Any], settings: Settings, others: tuple[PatientSettings, ...]
) -> PatientSettings:
    """Turn one ``[[patients]]`` table into settings, by the same checks as in the file.

    ``others`` are watched beside the patient. Raises ``ConfigError`` with every problem, each with
    its key within the table.
    """
    try:
        model = _model_of(PatientSettings).model_validate(data)
    except ValidationError as error:
        problems = (
            ConfigProblem(_dotted(path), None, _say(item, ("patients", 0, *path)))
            for item in error.errors()
            for path in [tuple(item["loc"])]
        )
        raise ConfigError("the patient", tuple(problems)) from error
    patient: PatientSettings = _value_of(PatientSettings, model)
    place = ("patients", len(others))
    contradictions = find_contradictions(replace(settings, patients=(*others, patient)))
    wrong = [(path, what) for path, what in contradictions if path[:2] in (place, place[:1])]
    if wrong:
        told = (ConfigProblem(_dotted(path[2:]) or "patients", None, what) for path, what in wrong)
        raise ConfigError("the patient", tuple(told))
    return patient


@cache
def _model_of(declared: type[Any]) -> type[BaseModel]:
    hints = get_type_hints(declared)
    members: dict[str, Any] = {}
    for member in fields(declared):
        members[member.name] = _member_of(hints[member.name], member)
    model: type[BaseModel] = create_model(declared.__name__, __config__=_STRICT, **members)
    return model


def _member_of(hint: Any, member: Any) -> tuple[Any, Any]:
    if is_dataclass(hint):
        nested = _model_of(hint)  # type: ignore[arg-type]
        return nested, Field(default_factory=nested)
    if hint == tuple[str, ...]:
        return list[str], Field(default_factory=list)
    if get_origin(hint) is tuple:
        return list[_model_of(get_args(hint)[0])], Field(default_factory=list)  # type: ignore[misc]
    declared: Declared = member.metadata["declared"]
    kind = Literal[declared.choices] if declared.choices else hint
    default = ... if member.default is MISSING else member.default
    bounds: dict[str, Any] = {"ge": declared.low, "le": declared.high}
    if hint is float:
        bounds["allow_inf_nan"] = False
    return kind, Field(default, **bounds)


def _value_of(declared: type[Any], model: BaseModel) -> Any:
    hints = get_type_hints(declared)
    return declared(**{name: _member_value(hints[name], getattr(model, name)) for name in hints})


def _member_value(hint: Any, value: Any) -> Any:
    if is_dataclass(hint):
        return _value_of(hint, value)  # type: ignore[arg-type]
    if hint == tuple[str, ...]:
        return tuple(value)
    if get_origin(hint) is tuple:
        return tuple(_value_of(get_args(hint)[0], item) for item in value)
    return float(value) if hint is float else value


def _problems(error: ValidationError, lines: dict[KeyPath, int]) -> tuple[ConfigProblem, ...]:
    found = []
    for item in error.errors():
        path = tuple(item["loc"])
        found.append(ConfigProblem(_dotted(path), _nearest_line(path, lines), _say(item, path)))
    return tuple(sorted(found, key=lambda problem: (problem.line or 0, problem.key_path)))


def _say(item: Any, path: KeyPath) -> str:
    if item["type"] == "extra_forbidden":
        known = _siblings(path)
        return f"unknown key; known here: {', '.join(known)}"
    if item["type"] == "missing":
        return "is missing"
    message: str = item["msg"].replace("Input should", "should")
    return f"{message}, not {item['input']!r}{_unit(path)}"


def _unit(path: KeyPath) -> str:
    declared = _declared_at(path)
    return f" ({declared.meaning}, in {declared.unit})" if declared and declared.unit else ""


def _section_at(path: KeyPath) -> type[Any]:
    here: type[Any] = Settings
    for step in path:
        if isinstance(step, int):
            continue
        hint = get_type_hints(here).get(step)
        inner = get_args(hint)[0] if get_origin(hint) is tuple else hint
        if not is_dataclass(inner):
            break
        here = inner  # type: ignore[assignment]
    return here


def _siblings(path: KeyPath) -> tuple[str, ...]:
    return tuple(member.name for member in fields(_section_at(path[:-1])))


def _declared_at(path: KeyPath) -> Declared | None:
    for member in fields(_section_at(path[:-1])):
        if member.name == path[-1]:
            declared: Declared = member.metadata["declared"]
            return declared
    return None


def _nearest_line(path: KeyPath, lines: dict[KeyPath, int]) -> int | None:
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _dotted(path: KeyPath) -> str:
    dotted = ""
    for step in path:
        dotted += f"[{step}]" if isinstance(step, int) else f".{step}" if dotted else step
    return dotted
