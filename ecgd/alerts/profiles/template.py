"""JSON of the user's own shape: a template whose texts name documented fields in braces.

The template is parsed as JSON before anything is filled in, so that no content of an alert can
change its shape, and a field is a name and nothing else: there is no code in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from ecgd.alerts.answer import judged_reply
from ecgd.alerts.profiles.phone_number import is_emergency_number
from ecgd.alerts.profiles.profile import (
    Post,
    Problem,
    Profile,
    Request,
    json_request,
    own_address_problems,
    unused_problems,
)
from ecgd.alerts.secret import Keys
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError
from ecgd.model.alarm import Alert

TITLE_LIMIT: Final = 250
BODY_LIMIT: Final = 4000
TEMPLATE_LIMIT: Final = 16_384

IDENTITY: Final = frozenset({"patient_name"})
PLACE: Final = frozenset({"location", "where", "map_url"})
"""Fields that are empty but in a message to whoever is sent out."""
TEXTS: Final = frozenset(
    {"title", "body", "happened", "to_do", "caveat", "when", "page_url", "where", "map_url"}
)
DATA: Final = frozenset(field.name for field in fields(Alert)) | {"priority"}
FIELDS: Final = TEXTS | DATA
"""What may stand in braces: texts for people, and the fields of the standard body's ``data``."""

_FIELD: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_CALLEE: Final = re.compile(
    r"(?i)(to|tel|callee|called|numbers?|phones?|mobile|msisdn|recipients?|destinations?)"
    r"|.*(number|phone|recipient)"
)
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_OWN_HEADERS: Final = frozenset({"content-length", "content-type", "host", "transfer-encoding"})


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Return a template with its fields filled in.

    A text that is one field alone becomes the field's own value: a number stays a number.
    """
    if isinstance(template, dict):
        return {name: filled(value, values) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    whole = _FIELD.fullmatch(template)
    if whole is not None and whole[1] is not None:
        return values.get(whole[1])
    return _FIELD.sub(lambda found: _substitute(found, values), template)


def template_problems(text: str, *, include_name: bool) -> Iterator[str]:
    """Yield everything that is wrong with a template."""
    if len(text) > TEMPLATE_LIMIT:
        yield f"is longer than {TEMPLATE_LIMIT} characters"
        return
    try:
        template = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        yield f"is no JSON: {error}"
        return
    if not isinstance(template, dict | list):
        yield "should be a JSON object or array"
    used = set(_names(template))
    for name in sorted(used - FIELDS):
        known = ", ".join(sorted(FIELDS))
        yield f"names {{{name}}}, which is no field; known: {known} ({{{{ stands for a brace)"
    for number in _called(template):
        yield f"calls {number!r}, a public emergency number: no machine may call one"
    for name in sorted(used & IDENTITY):
        if not include_name:
            yield f"names {{{name}}}, which is sent with include_name = true only"


def names_place(text: str) -> bool:
    """Return whether a template wants to know where to go."""
    try:
        return not PLACE.isdisjoint(_names(json.loads(text)))
    except (ValueError, RecursionError):
        return False


def _names(template: Any) -> Iterator[str]:
    """Yield every field that a template names; a lone brace is a name that no field has."""
    if isinstance(template, dict):
        for value in template.values():
            yield from _names(value)
    elif isinstance(template, list):
        for value in template:
            yield from _names(value)
    elif isinstance(template, str):
        for found in _FIELD.finditer(template):
            if found[0] not in ("{{", "}}"):
                yield found[0] if found[1] is None else found[1]


def _called(template: Any, key: str = "") -> Iterator[str]:
    """Yield every emergency number that stands where the person to be called is named."""
    if isinstance(template, dict):
        for name, value in template.items():
            yield from _called(value, name)
    elif isinstance(template, list):
        for value in template:
            yield from _called(value, key)
    elif _CALLEE.fullmatch(key) and is_emergency_number(str(template)):
        yield str(template)


def _substitute(found: re.Match[str], values: Mapping[str, Any]) -> str:
    if found[1] is None:
        return found[0][0]
    value = values.get(found[1])
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _compose(post: Post) -> Request:
    news = post.news()
    text = post.text(news)
    values = news.data | {
        "title": text.headline(TITLE_LIMIT),
        "body": text.body(BODY_LIMIT),
        "happened": text.what,
        "to_do": text.action,
        "caveat": text.caveat,
        "when": text.when,
        "page_url": post.page_url(news),
        "where": text.where,
        "map_url": news.map_url,
    }
    headers = {name: post.keys.get(name) for name in post.keys.names() if name != "url"}
    url = post.keys.get("url") or post.settings.url
    return json_request(url, filled(json.loads(post.settings.template), values), headers)


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    if settings.url or not settings.secret_file:
        yield from own_address_problems(settings)
    yield from unused_problems(
        settings, "recipient", "sender", "acknowledge", "previous_secret_file"
    )
    if not settings.template:
        yield "template", "is required: the body to send, see docs/phones.md"
        return
    for what in template_problems(settings.template, include_name=settings.include_name):
        yield "template", what


def _check(settings: WebhookSettings, keys: Keys) -> None:
    if not (settings.url or keys.get("url")):
        raise DeliveryError(
            f"webhook {settings.name}: no address is named",
            f"Set url, or put url=… into {settings.secret_file}",
        )
    for name in keys.names():
        if not _HEADER.fullmatch(name) or name.lower() in _OWN_HEADERS:
            raise DeliveryError(
                f"webhook {settings.name}: {name} cannot be set as a header",
                f"Take it out of {settings.secret_file}: it holds url=… and headers alone",
            )


JSON = Profile(_compose, judged_reply, _problems, _check, keys=(), reads_body=False)
