"""What a request may say: bounded, checked, refused in words that help."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from ecgd.web.gateway import GATEWAY_ID, Gateway

MAX_BODY_BYTES: Final = 16 * 1024
MAX_ALERTS: Final = 500
MAX_NAME_CHARS: Final = 64

_YES_NO: Final = {"true": True, "1": True, "false": False, "0": False}


class RefusedError(Exception):
    """A request that cannot be served as it is: HTTP status, what is wrong, what to do."""

    def __init__(self, status: int, what: str, remedy: str) -> None:
        super().__init__(f"{what}. {remedy}")
        self.status = status
        self.what = what
        self.remedy = remedy


def check_query(request: web.Request, allowed: tuple[str, ...]) -> Mapping[str, str]:
    """Return the query; raises RefusedError for a parameter that the route does not know."""
    for name in request.query:
        if name not in allowed:
            known = ", ".join(allowed) if allowed else "none"
            raise RefusedError(
                400, f"unknown query parameter {name!r}", f"{request.path} knows: {known}"
            )
    return request.query


def alert_limit(query: Mapping[str, str]) -> int:
    """Return how many alerts are wanted, 1 to MAX_ALERTS, 20 unless said."""
    text = query.get("limit", "20")
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_ALERTS:
        return int(text)
    raise RefusedError(
        400, f"limit={text[:40]!r} makes no sense", f"give a whole number from 1 to {MAX_ALERTS}"
    )


def yes_or_no(query: Mapping[str, str], name: str) -> bool:
    """Return a query parameter that is true or false, false unless said."""
    text = query.get(name, "false").lower()
    if text not in _YES_NO:
        raise RefusedError(400, f"{name}={text[:40]!r} makes no sense", "give true or false")
    return _YES_NO[text]


async def read_object(request: web.Request, allowed: tuple[str, ...]) -> dict[str, Any]:
    """Return the request's JSON object, {} for an empty body.

    Raises RefusedError when it is too large, no JSON object, or has a key not in ``allowed``.
    """
    text = await _read_text(request)
    try:
        value = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as wrong:
        raise RefusedError(400, f"the body is not JSON ({wrong})", _expected(allowed)) from wrong
    if not isinstance(value, dict):
        raise RefusedError(400, "the body is not a JSON object", _expected(allowed))
    for key in value:
        if key not in allowed:
            raise RefusedError(400, f"unknown key {key[:40]!r} in the body", _expected(allowed))
    return value


async def _read_text(request: web.Request) -> str:
    try:
        raw = await request.read()
        return raw.decode("utf-8")
    except web.HTTPRequestEntityTooLarge as large:
        raise RefusedError(
            413, "the body is too large", f"send at most {MAX_BODY_BYTES} bytes"
        ) from large
    except UnicodeDecodeError as wrong:
        raise RefusedError(400, "the body is not UTF-8", "send JSON in UTF-8") from wrong


def _expected(allowed: tuple[str, ...]) -> str:
    keys = ", ".join(f'"{name}"' for name in allowed)
    return f"send an object with the keys {keys}" if allowed else "send no body"


def person(body: Mapping[str, Any]) -> str:
    """Return who acts (key ``by``): 1 to MAX_NAME_CHARS printable characters."""
    by = body.get("by")
    if isinstance(by, str) and by.strip() and len(by) <= MAX_NAME_CHARS and by.isprintable():
        return by.strip()
    raise RefusedError(
        400,
        "nobody is named as acting",
        f'give "by": a name of 1 to {MAX_NAME_CHARS} printable characters',
    )


def known_patient(
    gateway: Gateway, named: object, *, archived_too: bool = False, gateway_too: bool = False
) -> str | None:
    """Return the id of a patient that is watched, None for None; else raises RefusedError.

    With ``gateway_too`` the gateway's own alarms have a name as well.
    """
    if named is None:
        return None
    if gateway_too and named == GATEWAY_ID:
        return GATEWAY_ID
    everybody = gateway.patient_desk.list_patients()
    known = [each.settings.id for each in everybody if archived_too or not each.archived]
    if isinstance(named, str) and named in known:
        return named
    listing = ", ".join(known) or "none"
    raise RefusedError(404, f"no patient is called {named!r:.60}", f"there are: {listing}")
