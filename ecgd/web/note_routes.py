"""The routes for remarks about a patient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ecgd.web.answers import json_answer
from ecgd.web.body import RefusedError, alert_limit, check_query, person, read_object
from ecgd.web.clock import Clock
from ecgd.web.json_shape import Shape, plain
from ecgd.web.note_gateway import NoteEntry, NoteGateway

MAX_NOTE_CHARS: Final = 2000

_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class NoteRoutes:
    """Listing and adding notes."""

    gateway: NoteGateway
    clock: Clock

    def table(self) -> list[web.RouteDef]:
        """Return the routes."""
        route = "/v1/patients/{patient_id}/notes"
        return [web.get(route, self.list_notes), web.post(route, self.add_note)]

    async def list_notes(self, request: web.Request) -> web.Response:
        """Answer with the newest notes first."""
        query = check_query(request, ("limit", "since_unix_s"))
        limit, since_unix_s = alert_limit(query), _since(query)
        patient_id = await self._patient(request)
        notes = await self.gateway.list_notes(patient_id, since_unix_s, limit)
        shapes = [note_shape(note, self.clock) for note in notes]
        return json_answer({"patient_id": patient_id, "notes": shapes})

    async def add_note(self, request: web.Request) -> web.Response:
        """Keep a note, and answer when it is on the disk."""
        check_query(request, ())
        body = await read_object(request, ("by", "text"))
        author, text = person(body), note_text(body)
        patient_id = await self._patient(request)
        note = await self.gateway.add_note(patient_id, author, text)
        return json_answer({"note": note_shape(note, self.clock)})

    async def _patient(self, request: web.Request) -> str:
        named = request.match_info["patient_id"]
        known = await self.gateway.noted_patients()
        if named in known:
            return named
        listing = ", ".join(known) or "none"
        raise RefusedError(404, f"no patient is called {named!r:.60}", f"known: {listing}")


def note_shape(note: NoteEntry, clock: Clock) -> Shape:
    """Shape of one note."""
    shape: Shape = plain(note)
    return shape | {"age_s": plain(clock.wall_age_s(note.at_unix_s))}


def note_text(body: Mapping[str, Any]) -> str:
    """Return the text of a note (key ``text``), cleaned; raises RefusedError without any."""
    text = body.get("text")
    cleaned = clean_note(text) if isinstance(text, str) else ""
    if 0 < len(cleaned) <= MAX_NOTE_CHARS:
        return cleaned
    size = f"{len(cleaned)} characters" if cleaned else "nothing that can be read"
    raise RefusedError(
        400, f"the note has {size}", f'give "text": 1 to {MAX_NOTE_CHARS} characters of text'
    )


def clean_note(text: str) -> str:
    """Return a note as it is kept: lines without controls, no blank ones at either end."""
    return "\n".join(_clean_line(line) for line in text.splitlines()).strip()


def _clean_line(line: str) -> str:
    return "".join(_clean_char(char) for char in line).rstrip()


def _clean_char(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else _REPLACED


def _since(query: Mapping[str, str]) -> float:
    text = query.get("since_unix_s", "0")
    try:
        since_unix_s = float(text)
    except ValueError:
        since_unix_s = math.nan
    if math.isfinite(since_unix_s):
        return since_unix_s
    raise RefusedError(400, f"since_unix_s={text[:40]!r} makes no sense", "give seconds since 1970")
