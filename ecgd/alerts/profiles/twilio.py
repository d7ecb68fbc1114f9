"""Twilio: a text message, or a call that speaks, to a configured person.

https://www.twilio.com/docs/messaging/api/message-resource and
https://www.twilio.com/docs/voice/api/call-resource. Nobody is called who does not stand in the
configuration, and no public emergency number can stand there.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from ecgd.alerts.answer import Answer, Reply, judged_reply, refused, taken, try_again
from ecgd.alerts.profiles.phone_number import number_problem
from ecgd.alerts.profiles.profile import (
    Canary,
    Post,
    Problem,
    Profile,
    Request,
    hosted_problems,
    require_keys,
    secret_problems,
    unused_problems,
)
from ecgd.alerts.profiles.sms import plain, segments
from ecgd.alerts.secret import Keys
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError

SERVER: Final = "https://api.twilio.com"
SEGMENTS: Final = 3
"""Text messages for one alert: each is paid for, and the first line has to say it all."""
_TITLE_LIMIT: Final = 150
_SPOKEN_LIMIT: Final = 1200
"""Twiml may have 4000 characters in all; nobody listens longer than this."""
CALL_S: Final = 45.0
"""It rings and speaks for so long: a second call at once would meet a busy line."""
_TIMES: Final = 3
"""Whoever picks up half asleep misses the first time."""

_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}")
_API_KEY: Final = re.compile(r"SK[0-9a-fA-F]{32}")
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_NAME: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")


def _compose_sms(post: Post) -> Request:
    text = post.text(post.news())
    title = text.headline(_TITLE_LIMIT)
    body = text.body(SEGMENTS, lambda rest: plain(f"{title}\n{rest}"), segments)
    sender = post.settings.sender
    by = "MessagingServiceSid" if _SERVICE.fullmatch(sender) else "From"
    return _request(post, "Messages.json", {"Body": body, by: sender})


def _compose_call(post: Post) -> Request:
    text = post.text(post.news())
    say = text.spoken(_SPOKEN_LIMIT, html.escape)
    voice = f'<Say language="{text.words.tag}" loop="{_TIMES}">{say}</Say>'
    twiml = f'<Response><Pause length="1"/>{voice}</Response>'
    return _request(post, "Calls.json", {"Twiml": twiml, "From": post.settings.sender})


def _request(post: Post, resource: str, fields: dict[str, str]) -> Request:
    account, token = post.keys.get("account"), post.keys.get("token")
    login = f"{post.keys.get('key') or account}:{token}".encode()
    headers = {
        "authorization": f"Basic {base64.b64encode(login).decode('ascii')}",
        "content-type": "application/x-www-form-urlencoded",
    }
    base = (post.settings.url or SERVER).rstrip("/")
    body = urlencode({"To": post.settings.recipient, **fields}, errors="replace").encode("ascii")
    return Request(f"{base}/2010-04-01/Accounts/{account}/{resource}", body, headers)


def _read(reply: Reply) -> Answer:
    """2xx: queued, with the sid by which its way can be asked for; nobody has heard it yet."""
    said = reply.json()
    if reply.is_foreign:
        return try_again(reply, "that was not Twilio, check the address")
    if reply.is_success:
        return taken(reply, said.get("sid"))
    code = said.get("code")
    which = f" (Twilio's code {code}, see twilio.com/docs/api/errors)" if _is_code(code) else ""
    if reply.status == 400 and which:
        return refused(reply, f"Twilio does not take it, check recipient and sender{which}")
    if which:
        return try_again(reply, f"Twilio does not take it now{which}")
    return judged_reply(reply)


def _is_code(code: object) -> bool:
    return isinstance(code, int) and not isinstance(code, bool) and 0 < code < 1_000_000


def _problems(settings: WebhookSettings) -> Iterator[Problem]:
    yield from hosted_problems(settings)
    yield from secret_problems(settings)
    yield from unused_problems(settings, "template", "page_url", "acknowledge")
    problem = number_problem(settings.recipient)
    if problem:
        yield "recipient", problem
    elif settings.recipient == settings.sender:
        yield "sender", "is the recipient itself"


def _sms_problems(settings: WebhookSettings) -> Iterator[Problem]:
    yield from _problems(settings)
    sender = settings.sender
    if number_problem(sender) and not (_SERVICE.fullmatch(sender) or _NAME.fullmatch(sender)):
        yield "sender", "should be your Twilio number (+…), a messaging service (MG…) or a name"


def _call_problems(settings: WebhookSettings) -> Iterator[Problem]:
    yield from _problems(settings)
    if number_problem(settings.sender):
        yield "sender", "should be your Twilio number, as in +4917012345678"


def _check(settings: WebhookSettings, keys: Keys) -> None:
    require_keys(settings, keys, "account", "token")
    wrong = [
        name
        for name, form in (("account", _ACCOUNT), ("key", _API_KEY))
        if keys.get(name) and not form.fullmatch(keys.get(name))
    ]
    if wrong:
        raise DeliveryError(
            f"webhook {settings.name}: {wrong[0]} in the secret file is no SID of Twilio's",
            "Copy it again from the console: AC… for the account, SK… for an API key",
        )


_KEYS: Final = ("token", "account", "key")


def _ask_for(resource: str) -> Callable[[Post], Request]:
    """Return what asks for the newest entry of a list, which a limited API key may read too."""

    def compose(post: Post) -> Request:
        asked = _request(post, f"{resource}?PageSize=1", {})
        headers = {"authorization": asked.headers["authorization"]}
        return replace(asked, body=b"", headers=headers, method="GET")

    return compose


def _read_list(reply: Reply) -> Answer:
    if reply.is_success and "page_size" not in reply.json():
        return try_again(reply, "that was not Twilio, check the address")
    return taken(reply) if reply.is_success else _read(reply)


def _canary(resource: str) -> Canary:
    return Canary(
        _ask_for(resource),
        _read_list,
        proves="that Twilio knows account and token, and shows the newest entry of "
        f"{resource.partition('.')[0]}",
        leaves_open="credit, the sender's right to this country, and the phone",
    )


TWILIO_SMS = Profile(
    _compose_sms, _read, _sms_problems, _check, keys=_KEYS, canary=_canary("Messages.json")
)
TWILIO_CALL = Profile(
    _compose_call,
    _read,
    _call_problems,
    _check,
    keys=_KEYS,
    canary=_canary("Calls.json"),
    pause_s=CALL_S,
)
