"""How the control socket answers: JSON, also when something went wrong."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from ecgd.errors import EcgdError
from ecgd.web.body import RefusedError
from ecgd.web.gateway import UnknownAlertError
from ecgd.web.mark_gateway import UnmarkableAlertError

REQUEST_DEADLINE_S: Final = 10.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_DEADLINE: Final = web.RequestKey("deadline", asyncio.Timeout)

_log = logging.getLogger(__name__)


def lift_deadline(request: web.Request) -> None:
    """Let a request go on as long as its client stays: it is answered by a stream."""
    request[_DEADLINE].reschedule(None)


def json_answer(value: Any, status: int = 200) -> web.Response:
    """Return an answer of one JSON object."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    return web.Response(
        text=text + "\n",
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _error(status: int, what: str, remedy: str) -> web.Response:
    return json_answer({"error": {"status": status, "what": what, "remedy": remedy}}, status)


@web.middleware
async def answer_in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into a JSON error, a request that takes too long among it."""
    try:
        async with asyncio.timeout(REQUEST_DEADLINE_S) as deadline:
            request[_DEADLINE] = deadline
            return await handler(request)
    except web.HTTPException as refused:
        return _http_error(request, refused)
    except Exception as failure:  # noqa: BLE001 - every failure has its answer, and is logged
        return _failure(request, failure)


def _failure(request: web.Request, failure: Exception) -> web.Response:
    match failure:
        case RefusedError():
            answer = (failure.status, failure.what, failure.remedy)
        case UnknownAlertError() | UnmarkableAlertError():
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
