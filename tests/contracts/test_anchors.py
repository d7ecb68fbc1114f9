"""A link into a document leads to a heading that is there, and every picture is shown somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def anchors(path: Path) -> set[str]:
    """Return the anchors that GitHub gives a document's headings."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", text, flags=re.M):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-")
        again = sum(1 for each in found if re.fullmatch(rf"{re.escape(name)}(-\d+)?", each))
        found.add(f"{name}-{again}" if again else name)
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_into_a_document_leads_to_a_heading(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    missing = []
    for file, anchor in re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", text):
        other = path.parent / file if file else path
        if other.suffix == ".md" and anchor not in anchors(other):
            missing.append(f"{file}#{anchor}")
    assert not missing


def test_every_picture_is_shown_in_a_document() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    images = ROOT / "docs" / "images"
    pictures = [path.relative_to(images).as_posix() for path in images.rglob("*.*")]
    assert [name for name in pictures if f"images/{name})" not in text] == []
