"""The corpus: ``NAME.ecgdbytes`` beside ``NAME.chk``, one expected event a line, as JSON.

Kinds, order, times, indices and words must agree exactly. Measured figures may differ a little, so
that another processor or another build of numpy passes: ``TOLERANCE`` says by how much. A figure
within a text may differ by one in its last digit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final

from replay_build import build_log
from replay_driver import Event, replay
from replay_recipes import BY_NAME

from ecgd.errors import RecordingError
from ecgd.sources.byte_log import SUFFIX

FOLDER: Final = Path(__file__).resolve().parent
EXPECTED_SUFFIX: Final = ".chk"

TOLERANCE: Final = {"st_mv": 0.005, "bpm": 0.2, "sqi": 0.01, "clock_ppm": 0.5}
"""Of measured figures, by field: mV, beats a minute, share, parts per million."""

_SLACK: Final = 1e-9
_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?")


def log_path(name: str, folder: Path = FOLDER) -> Path:
    """Return where a case's bytes lie."""
    return folder / f"{name}{SUFFIX}"


def expected_path(name: str, folder: Path = FOLDER) -> Path:
    """Return where a case's expected events lie."""
    return folder / f"{name}{EXPECTED_SUFFIX}"


def case_names(folder: Path = FOLDER) -> tuple[str, ...]:
    """Return every case that has bytes, expected events or a recipe."""
    found = {path.stem for path in folder.iterdir() if path.suffix in (SUFFIX, EXPECTED_SUFFIX)}
    return tuple(sorted(found | (BY_NAME.keys() if folder == FOLDER else set())))


def write_events(events: list[Event], path: Path) -> None:
    """Write the expected events of a case."""
    lines = (json.dumps(event, ensure_ascii=False) for event in events)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_events(path: Path) -> list[Event]:
    """Read the expected events of a case. Raises RecordingError."""
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise RecordingError(
            f"{path}: cannot be read ({error})", f"scripts/replay rebuild {path.stem} writes it."
        ) from error


def rebuild(name: str, folder: Path = FOLDER) -> None:
    """Make a case anew: its bytes where it has a recipe, its expected events in any case."""
    if name in BY_NAME:
        log_path(name, folder).write_bytes(build_log(BY_NAME[name]))
    write_events(replay(log_path(name, folder)), expected_path(name, folder))


def check(name: str, folder: Path = FOLDER) -> list[str]:
    """Replay a case and return how it differs from what is expected, in lines; empty: it agrees."""
    return differences(read_events(expected_path(name, folder)), replay(log_path(name, folder)))


def differences(expected: list[Event], found: list[Event]) -> list[str]:
    """Compare events; return lines marked - (expected), + (found) or ~ (a figure is off)."""
    matcher = SequenceMatcher(
        None, [_exact(event) for event in expected], [_exact(event) for event in found], False
    )
    lines: list[str] = []
    for how, a_start, a_stop, b_start, b_stop in matcher.get_opcodes():
        if how == "equal":
            pairs = zip(expected[a_start:a_stop], found[b_start:b_stop], strict=True)
            lines += [line for one, other in pairs for line in _off(one, other)]
        else:
            lines += [f"- {json.dumps(e, ensure_ascii=False)}" for e in expected[a_start:a_stop]]
            lines += [f"+ {json.dumps(e, ensure_ascii=False)}" for e in found[b_start:b_stop]]
    return lines


def _exact(event: Event) -> str:
    """Return what must agree exactly, as text: everything but measured figures."""
    return json.dumps({name: _without_figures(name, value) for name, value in event.items()})


def _without_figures(name: str, value: Any) -> Any:
    if name in TOLERANCE:
        is_many = isinstance(value, dict)
        return {key: figure is None for key, figure in value.items()} if is_many else "#"
    if name == "evidence":
        return [_FIGURE.sub("#", text) for text in value]
    return value


def _off(expected: Event, found: Event) -> Iterator[str]:
    """Name each measured figure that is further off than it may be."""
    where = f"~ {expected['t']:.3f} {expected['event']}"
    for name, limit in TOLERANCE.items():
        if name in expected:
            for key, one, other in _pairs(expected[name], found[name]):
                if abs(one - other) > limit + _SLACK:
                    yield f"{where}: {name}{key} is {other:g}, expected {one:g} ± {limit:g}"
    for one, other in zip(expected.get("evidence", ()), found.get("evidence", ()), strict=True):
        if not _same_text(one, other):
            yield f"{where}: {other!r}, expected {one!r}"


def _pairs(expected: Any, found: Any) -> Iterator[tuple[str, float, float]]:
    if isinstance(expected, dict):
        for key, figure in expected.items():
            if figure is not None:
                yield f" of {key}", figure, found[key]
    else:
        yield "", expected, found


def _same_text(expected: str, found: str) -> bool:
    pairs = zip(_FIGURE.findall(expected), _FIGURE.findall(found), strict=True)
    return all(
        abs(float(one) - float(other)) <= 10.0 ** -len(one.partition(".")[2]) + _SLACK
        for one, other in pairs
    )
