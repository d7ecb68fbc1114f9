"""The route by which carers say whether an alert was true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ecgd.model.alert_mark import AlertMark, Verdict
from ecgd.web.answers import json_answer
from ecgd.web.body import RefusedError, check_query, person, read_object
from ecgd.web.clock import Clock
from ecgd.web.json_shape import Shape, marks_shape
from ecgd.web.mark_gateway import MarkGateway
from ecgd.web.note_routes import clean_note

MAX_REMARK_CHARS: Final = 500


@dataclass(frozen=True, slots=True)
class MarkRoutes:
    """Marking alerts."""

    gateway: MarkGateway
    clock: Clock

    def table(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [web.post("/v1/alerts/{alert_id}/mark", self.mark)]

    async def mark(self, request: web.Request) -> web.Response:
        """Keep a verdict, and answer when it is on the disk."""
        check_query(request, ())
        body = await read_object(request, ("by", "verdict", "note"))
        by, verdict, note = person(body), _verdict(body), _remark(body)
        alert_id = request.match_info["alert_id"]
        marks = await self.gateway.mark_alert(alert_id, verdict, by, note)
        return json_answer(marked_shape(alert_id, marks, self.clock))


def marked_shape(alert_id: str, marks: Iterable[AlertMark], clock: Clock) -> Shape:
    """Shape of the answer to a mark."""
    return {"alert_id": alert_id, **marks_shape(marks, clock)}


def _verdict(body: Mapping[str, Any]) -> Verdict:
    verdict = body.get("verdict")
    if isinstance(verdict, str) and verdict in set(Verdict):
        return Verdict(verdict)
    known = ", ".join(f'"{each}"' for each in Verdict)
    raise RefusedError(400, "no verdict is given", f'give "verdict": one of {known}')


def _remark(body: Mapping[str, Any]) -> str:
    note = body.get("note", "")
    cleaned = clean_note(note) if isinstance(note, str) else None
    if cleaned is not None and len(cleaned) <= MAX_REMARK_CHARS:
        return cleaned
    raise RefusedError(
        400, "the note cannot be kept", f'give "note": at most {MAX_REMARK_CHARS} characters'
    )
