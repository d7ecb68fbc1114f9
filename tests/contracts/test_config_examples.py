"""Every piece of configuration in the documents can be pasted into a file, and loads."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from ecgd.service.settings import parse_settings

ROOT = Path(__file__).parents[2]
PATIENT = '[[patients]]\nid = "p1"\nsource = "serial:///dev/rfcomm0"\n'
BLOCK = re.compile(r"^```toml\n(.*?)^```", re.DOTALL | re.MULTILINE)


def examples() -> list[tuple[str, str]]:
    """Return every example: document with the number of its line, and its text."""
    documents = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    found = []
    for path in documents:
        text = path.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            found.append((f"{path.relative_to(ROOT)}:{line}", block[1]))
    return found


EXAMPLES = examples()


def test_there_are_examples_to_be_tried() -> None:
    assert len(EXAMPLES) > 15


@pytest.mark.parametrize(("where", "text"), EXAMPLES, ids=[where for where, _ in EXAMPLES])
def test_an_example_loads(where: str, text: str) -> None:
    whole = text if "patients" in tomllib.loads(text) else f"{text}\n{PATIENT}"
    assert parse_settings(whole, where).patients


@pytest.mark.parametrize("document", ["contacts.md", "phones.md"])
def test_one_who_pastes_everything_of_a_page_has_a_file_that_loads(document: str) -> None:
    texts = [text for where, text in EXAMPLES if where.startswith(f"docs/{document}:")]
    whole = "\n".join(texts)
    if "[[patients]]" not in whole:
        whole += PATIENT
    parse_settings(_with_tables_once(whole), document)


def _with_tables_once(text: str) -> str:
    """Return a text in which what stands below one heading twice is below one."""
    tables: dict[str, list[str]] = {}
    heading = ""
    for number, line in enumerate(text.splitlines()):
        if line.startswith("[["):
            heading = f"{line}\n#{number}"
        elif line.startswith("["):
            heading = line
        tables.setdefault(heading, []).append("" if line.startswith("[") else line)
    return "\n".join(f"{heading}\n" + "\n".join(lines) for heading, lines in tables.items())


def test_the_example_files_load() -> None:
    for path in sorted((ROOT / "config").glob("*.toml")):
        assert parse_settings(path.read_text(encoding="utf-8"), path.name).patients
