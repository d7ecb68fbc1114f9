"""Remarks about a patient as a page."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ecgd.cli.moments import local_time
from ecgd.cli.words import age, clean

Json = dict[str, Any]


def notes_page(notes: list[Json]) -> RenderableType:
    """Return the notes, one under the other."""
    if not notes:
        return Text("no notes", style="dim")
    return Group(*(note_entry(note) for note in notes))


def note_entry(note: Json) -> RenderableType:
    """Return one note: when and who, then the text."""
    when = local_time(note["at_unix_s"], seconds=False)
    title = Text.assemble(
        (when, "bold"), (f"  {age(note['age_s'])}  ", "dim"), clean(note["author"])
    )
    text = "\n".join(clean(line) for line in note["text"].splitlines())
    return Group(title, Padding(Text(text, overflow="fold"), (0, 0, 0, 2)))
