"""The routes of the control socket, version 1. ``docs/api.md`` is checked against this file."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ecgd.errors import EcgdError
from ecgd.web.body import (
    MAX_BODY_BYTES,
    RefusedError,
    alert_limit,
    check_query,
    person,
    read_object,
    yes_or_no,
)
from ecgd.web.clock import Clock
from ecgd.web.gateway import Gateway, UnknownAlertError
from ecgd.web.json_shape import alert_shape, diagnostics_shape, patients_shape, status_shape

API_VERSION: Final = 1
REQUEST_DEADLINE_S: Final = 10.0

_log = logging.getLogger(__name__)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(gateway: Gateway, clock: Clock | None = None) -> web.Application:
    """Return the application that serves ``gateway``."""
    app = web.Application(
        middlewares=[_answer_in_json], client_max_size=MAX_BODY_BYTES, logger=_log
    )
    app.add_routes(_Routes(gateway, clock or Clock()).table())
    return app


@dataclass(frozen=True, slots=True)
class _Routes:
    gateway: Gateway
    clock: Clock

    def table(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/health", self.health),
            web.get("/v1/status", self.status),
            web.get("/v1/diagnostics", self.diagnostics),
            web.get("/v1/patients", self.patients),
            web.get("/v1/alerts", self.alerts),
            web.post("/v1/alerts/acknowledge", self.acknowledge_all),
            web.post("/v1/alerts/{alert_id}/acknowledge", self.acknowledge_one),
            web.post("/v1/audio/pause", self.pause_audio),
        ]

    async def health(self, request: web.Request) -> web.Response:
        check_query(request, ())
        status = self.gateway.status()
        unhealthy = [part.part for part in status.parts if not part.healthy]
        return _json(
            {
                "api_version": API_VERSION,
                "version": status.version,
                "uptime_s": status.uptime_s,
                "healthy": not unhealthy,
                "unhealthy_parts": unhealthy,
            }
        )

    async def status(self, request: web.Request) -> web.Response:
        check_query(request, ())
        return _json(status_shape(self.gateway.status(), self.clock))

    async def diagnostics(self, request: web.Request) -> web.Response:
        check_query(request, ())
        return _json(diagnostics_shape(self.gateway.diagnostics(), self.clock))

    async def patients(self, request: web.Request) -> web.Response:
        check_query(request, ())
        return _json({"patients": patients_shape(self.gateway.patients())})

    async def alerts(self, request: web.Request) -> web.Response:
        query = check_query(request, ("limit", "patient", "unacknowledged"))
        patient = self._known_patient(query.get("patient"))
        entries = await self.gateway.list_alerts(
            alert_limit(query), patient, yes_or_no(query, "unacknowledged")
        )
        return _json({"alerts": [alert_shape(entry, self.clock) for entry in entries]})

    async def acknowledge_one(self, request: web.Request) -> web.Response:
        check_query(request, ())
        by = person(await read_object(request, ("by",)))
        done = await self.gateway.acknowledge(request.match_info["alert_id"], None, by)
        return _json({"acknowledged": list(done), "by": by})

    async def acknowledge_all(self, request: web.Request) -> web.Response:
        check_query(request, ())
        body = await read_object(request, ("by", "patient"))
        by = person(body)
        patient = self._known_patient(body.get("patient"))
        if patient is None:
            raise RefusedError(400, "no patient is named", 'give "patient": the patient\'s id')
        done = await self.gateway.acknowledge(None, patient, by)
        return _json({"acknowledged": list(done), "by": by, "patient": patient})

    async def pause_audio(self, request: web.Request) -> web.Response:
        check_query(request, ())
        by = person(await read_object(request, ("by",)))
        return _json({"audio_paused_s": self.gateway.pause_audio(by), "by": by})

    def _known_patient(self, named: object) -> str | None:
        if named is None:
            return None
        known = [patient.id for patient in self.gateway.patients()]
        if isinstance(named, str) and named in known:
            return named
        listing = ", ".join(known) or "none"
        raise RefusedError(404, f"no patient is called {named!r:.60}", f"configured: {listing}")


def _json(value: Any, status: int = 200) -> web.Response:
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    return web.Response(
        text=text + "\n",
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _error(status: int, what: str, remedy: str) -> web.Response:
    return _json({"error": {"status": status, "what": what, "remedy": remedy}}, status)


@web.middleware
async def _answer_in_json(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        async with asyncio.timeout(REQUEST_DEADLINE_S):
            return await handler(request)
    except web.HTTPException as refused:
        return _http_error(request, refused)
    except Exception as failure:  # noqa: BLE001 - every failure has its answer, and is logged
        return _failure(request, failure)


def _failure(request: web.Request, failure: Exception) -> web.Response:
    match failure:
        case RefusedError():
            answer = (failure.status, failure.what, failure.remedy)
        case UnknownAlertError():
            answer = (404, failure.what, failure.remedy)
        case EcgdError():
            _log.warning("%s %s: %s", request.method, request.path, failure)
            answer = (503, failure.what, failure.remedy)
        case TimeoutError():
            _log.warning("%s %s took too long", request.method, request.path)
            what = f"no answer within {REQUEST_DEADLINE_S:.0f} s"
            answer = (504, what, "ecgctl diagnostics shows which part is slow")
        case _:
            _log.error("%s %s failed", request.method, request.path, exc_info=failure)
            answer = (500, "the daemon failed to answer", "its log says why; please report it")
    return _error(*answer)


def _http_error(request: web.Request, refused: web.HTTPException) -> web.Response:
    routes = sorted({r.canonical for r in request.app.router.resources()})
    if refused.status == 404:
        return _error(404, f"{request.path} is no route", f"routes: {', '.join(routes)}")
    if isinstance(refused, web.HTTPMethodNotAllowed):
        methods = ", ".join(sorted(refused.allowed_methods))
        answer = _error(
            405, f"{request.path} does not take {request.method}", f"it takes: {methods}"
        )
        answer.headers["Allow"] = methods
        return answer
    return _error(refused.status, refused.reason, "docs/api.md describes every route")
