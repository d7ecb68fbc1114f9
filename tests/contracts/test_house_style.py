"""Sizes and words of the house, and the change log's form."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

import ecgd

ROOT = Path(__file__).resolve().parents[2]

MEDIAN_LINES = 12
P90_LINES = 35
FILE_LINES = 400

LONG_FILES = {
    "tests/unit/decision/test_alarm.py",
}
"""Tables of cases and stories over one set of fixtures: longer, and best read in one piece."""

NOT_OURS = {".venv", "build", "dist", "var", "bench", "__pycache__", "node_modules"}
TEXT = {"", ".py", ".md", ".toml", ".cfg", ".txt", ".sql", ".service", ".json", ".c", ".h", ".in"}

FORBIDDEN = {
    "a machine's path": r"/wor" r"k/|/ro" r"ot/\w|/tm" r"p/(?:venv|ecgd-data|bri" r"ef)\b",
    "unfinished work": r"\bTO" r"DO\b|\bFIX" r"ME\b|\bXX" r"X\b",
    "a tool of its making": r"(?i)\bclau" r"de\b|\banthro" r"pic\b|\bchat" r"gpt\b|\bco" r"pilot\b",
    "a tracker's number": r"(?i)\bissue #?\d",
}


def texts() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts)
        foreign = any(part in NOT_OURS or part.endswith(".egg-info") for part in parts)
        if path.is_file() and not hidden and not foreign and path.suffix in TEXT:
            yield path


def sources() -> list[Path]:
    return sorted((ROOT / "ecgd").rglob("*.py"))


def function_lengths(path: Path) -> list[int]:
    """Return each function's lines without its docstring."""
    lengths = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body
            spoken = body[0] if ast.get_docstring(node) is not None else None
            talk = (spoken.end_lineno or 0) - spoken.lineno + 1 if spoken is not None else 0
            lengths.append((node.end_lineno or 0) - node.lineno + 1 - talk)
    return lengths


def test_functions_are_short() -> None:
    lengths = sorted(length for path in sources() for length in function_lengths(path))
    assert statistics.median(lengths) <= MEDIAN_LINES
    assert lengths[int(0.9 * len(lengths))] <= P90_LINES


def test_files_are_short() -> None:
    long = {
        str(path.relative_to(ROOT))
        for path in [*sources(), *(ROOT / "tests").rglob("*.py")]
        if len(path.read_text(encoding="utf-8").splitlines()) > FILE_LINES
    }
    assert long <= LONG_FILES


def test_no_module_has_an_empty_name() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
    assert not [path for path in sources() if path.stem in vague]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_text_is_free_of(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(FORBIDDEN[what], line)
    ]
    assert not found, "\n".join(found)


def test_every_module_of_the_package_says_what_it_is() -> None:
    written = [path for path in sources() if path.stat().st_size]
    silent = [path for path in written if ast.get_docstring(ast.parse(path.read_text())) is None]
    assert not silent


def test_the_change_log_keeps_its_form() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Changelog"
    versions = [line for line in lines if line.startswith("## ")]
    released = r"## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}"
    assert versions[0] == "## [Unreleased]"
    assert all(re.fullmatch(released, line) for line in versions[1:])
    kinds = {line.removeprefix("### ") for line in lines if line.startswith("### ")}
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_version_is_one_the_change_log_can_release() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", ecgd.__version__)
