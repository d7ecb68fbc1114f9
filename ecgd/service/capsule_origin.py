"""By what a decision was made: code, libraries, machine, networks and settings."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import ecgd
from ecgd.config.settings import AlarmSettings, AnalysisSettings, EnsembleSettings, Settings
from ecgd.errors import CapsuleError
from ecgd.service.exact_plain import ROOMS, from_plain, to_plain

_SUFFIXES: Final = (".py", ".npz")
_LIBRARIES: Final = ("numpy", "scipy", "PyWavelets")
_NETWORK_RUNTIMES: Final = ("ai-edge-litert", "tflite-runtime")


@dataclass(frozen=True, slots=True)
class Deciding:
    """The settings that decide. No name, place or path is among them."""

    analysis: AnalysisSettings
    ensemble: EnsembleSettings
    alarms: AlarmSettings


def deciding(settings: Settings) -> Deciding:
    """Return what of the configuration a decision depends on."""
    return Deciding(
        settings.analysis,
        replace(settings.ensemble, models_dir=""),
        replace(settings.alarms, location=""),
    )


def settings_to_plain(settings: Deciding) -> dict[str, Any]:
    """Return the settings for a capsule's header."""
    return {name: to_plain(getattr(settings, name)) for name in _SECTIONS}


def settings_of(plain: Mapping[str, Any]) -> Deciding:
    """Return the settings of a capsule. Raises CapsuleError."""
    sections = [from_plain(plain.get(name)) for name in _SECTIONS]
    for section, kind in zip(sections, _SECTIONS.values(), strict=True):
        if not isinstance(section, kind):
            raise CapsuleError("its settings cannot be read")
    return Deciding(*sections)


def changed_settings(then: Deciding, now: Deciding) -> tuple[str, ...]:
    """Return each deciding setting that is another now, with both values."""
    before, after = (dict(_values(each, "")) for each in (then, now))
    return tuple(
        f"{key}: recorded with {before.get(key, 'nothing')}, now {value}"
        for key, value in after.items()
        if before.get(key) != value
    )


def _values(section: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for each in fields(section):
        value, key = getattr(section, each.name), f"{prefix}{each.name}"
        if is_dataclass(value):
            yield from _values(value, f"{key}.")
        else:
            yield key, value


_SECTIONS: Final = {
    "analysis": AnalysisSettings,
    "ensemble": EnsembleSettings,
    "alarms": AlarmSettings,
}


@cache
def build() -> Mapping[str, str]:
    """Return what this program is: the same everywhere where it computes the same to the bit."""
    found = {
        "ecgd": ecgd.__version__,
        "code": code_fingerprint(),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    return found | {name: _version(name) for name in (*_LIBRARIES, *_NETWORK_RUNTIMES)}


def code_fingerprint() -> str:
    """Return a fingerprint of the files that decide: the pure rooms, pipeline and settings."""
    digest = hashlib.sha256()
    root = Path(ecgd.__file__).parent
    files = (path for room in sorted(ROOMS) for path in (root / room).rglob("*"))
    for path in sorted(path for path in files if path.suffix in _SUFFIXES):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
