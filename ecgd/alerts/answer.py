"""What a receiver's answer means for the message."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from ecgd.model.alarm import DeliveryResult

_REFUSALS: Final = (400, 401, 403, 404, 405, 413, 415, 422)
_RECEIPT: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt ended; ``detail`` holds neither secret nor URL nor the receiver's words.

    ``receipt`` is what the service calls the message, by which its way can be followed.
    """

    result: DeliveryResult
    detail: str
    retry_after_s: float | None = None
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; ``body`` is cut at a limit, None while only the status is known."""

    status: int
    headers: Mapping[str, str]
    body: bytes | None = None
    now_unix_s: float = 0.0

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_foreign(self) -> bool:
        """Whether a success has a body that is no object: somebody else answered in its place."""
        return self.is_success and self.body is not None and not self.json()

    def json(self) -> dict[str, Any]:
        """Return the body as an object, an empty one if it is none."""
        try:
            found = json.loads(self.body or b"")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def judged(status: int, headers: Mapping[str, str], now_unix_s: float) -> Answer:
    """Return what an HTTP status means (Standard Webhooks 1.0, "Delivery").

    Only 2xx is success. 410 ends the deliveries to this target. Anything else is tried again,
    redirects too: they are never followed, since the alert must not go where nobody sent it.
    """
    phrase = status_phrase(status)
    if 200 <= status < 300:
        return Answer(DeliveryResult.DELIVERED, phrase)
    if status == HTTPStatus.GONE:
        return Answer(DeliveryResult.GONE, f"{phrase}: the target wants no more messages")
    wait_s = retry_after_s(headers, now_unix_s)
    if 300 <= status < 400:
        phrase += ": redirects are not followed, configure the final address"
    elif status in _REFUSALS:
        phrase += ": the target refuses, check its address and secret"
    return Answer(DeliveryResult.RETRY, phrase, wait_s)


def judged_reply(reply: Reply) -> Answer:
    """Return what a reply means by its status alone."""
    return judged(reply.status, reply.headers, reply.now_unix_s)


def refused(reply: Reply, why: str) -> Answer:
    """Return that the service will never take this message, and why, in our own words.

    To be said only by the service's own answer: a proxy between, or a wrong address, can be mended.
    """
    return Answer(DeliveryResult.REFUSED, f"{status_phrase(reply.status)}: {why}")


def try_again(reply: Reply, why: str, wait_s: float | None = None) -> Answer:
    """Return that it will be tried again, and why it was not taken, in our own words."""
    asked_s = retry_after_s(reply.headers, reply.now_unix_s)
    waits = [one for one in (wait_s, asked_s) if one is not None]
    detail = f"{status_phrase(reply.status)}: {why}"
    return Answer(DeliveryResult.RETRY, detail, max(waits, default=None))


def taken(reply: Reply, receipt: object = "") -> Answer:
    """Return that the service has the message, and what it calls it."""
    phrase = status_phrase(reply.status)
    return Answer(DeliveryResult.DELIVERED, phrase, receipt=receipt_of(receipt))


def status_phrase(status: int) -> str:
    """Return an HTTP status as people read it."""
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def receipt_of(value: object) -> str:
    """Return a service's name of a message; empty if it is not fit to be kept and asked for."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _RECEIPT.fullmatch(text) else ""


def seconds_of(value: object) -> float | None:
    """Return a delay that stands in a body, None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        return None
    return float(value)


def retry_after_s(headers: Mapping[str, str], now_unix_s: float) -> float | None:
    """Return Retry-After in seconds (RFC 9110, 10.2.3), None if absent or unreadable.

    A date is taken against the receiver's own Date where there is one: our clock may be wrong.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    until_s = _http_date_s(value)
    if until_s is None:
        return None
    sent_s = _http_date_s(headers.get("Date", ""))
    return max(0.0, until_s - (now_unix_s if sent_s is None else sent_s))


def _http_date_s(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
