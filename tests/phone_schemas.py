"""Services that reach phones, as their public documentation describes them.

Each takes what its documented schema allows and nothing else, and answers in its own form. What
breaks the schema is kept in ``faults``: a service would pass over some of it in silence.
"""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

from phone_services import Got, Reaction, Service, told, words

NTFY_TOKEN = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"
NTFY_TOPIC, NTFY_REPLY = "5f3a9c1e07b24d68a1f0c3e97b5d2846", "0c9e4b7f1a2d5836e8b7c6a5d4f3e210"
GOTIFY_TOKEN = "AzyoeNS.D4iJLVa"
PUSHOVER_TOKEN, PUSHOVER_USER = "azGDORePK8gMaC0QOYAMyEEuzJnyUi", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
SLACK_PATH = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
TELEGRAM_TOKEN = "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"
HOME_ID = "-WM4yDxT2b0sZ7nq1fJ3cKpA9"
TWILIO_ACCOUNT, TWILIO_TOKEN = "AC" + "0123456789abcdef" * 2, "b1946ac92492d2347c6235b4d2611184"


def ntfy(service: Service, got: Got) -> Reaction:
    """https://docs.ntfy.sh/publish/#publish-as-json, /#action-buttons, /#limitations."""
    if got.path == f"/{NTFY_REPLY}":
        service.taken.append({"reply": got.body.decode()})
        return told({"id": "hwQ2YpKdmg", "event": "message", "topic": NTFY_REPLY})
    if got.headers.get("authorization") != f"Bearer {NTFY_TOKEN}":
        link = "https://ntfy.sh/docs/publish/#authentication"
        return told({"code": 40101, "http": 401, "error": "unauthorized", "link": link}, 401)
    content = got.json()
    optional = "message title tags priority actions click attach markdown icon filename delay email"
    fine = (
        service.wants(got.path == "/", "JSON goes to the root address")
        and service.only(content, "topic", optional + " call")
        and service.wants(re.fullmatch(r"[-_A-Za-z0-9]{1,64}", content["topic"]), "topic")
        and service.wants(len(content["message"].encode()) <= 4096, "becomes an attachment")
        and service.wants(content.get("priority") in (1, 2, 3, 4, 5), "priority")
        and service.wants(all(isinstance(t, str) for t in content.get("tags", [])), "tags")
        and service.wants(len(content.get("actions", [])) <= 3, "three actions at most")
        and all(_ntfy_action(service, action) for action in content.get("actions", []))
    )
    if not fine:
        return told({"code": 40024, "http": 400, "error": "invalid request"}, 400)
    service.taken.append(content)
    return told({"id": "xE73Iyuabi", "time": 1673542291, "event": "message", **content})


def _ntfy_action(service: Service, action: dict[str, Any]) -> bool:
    return (
        service.only(action, "action label url", "clear method headers body intent extras id")
        and service.wants(action["action"] in ("view", "broadcast", "http"), "action")
        and service.wants(re.match(r"https?://", action["url"]), "action's url")
    )


def gotify(service: Service, got: Got) -> Reaction:
    """https://gotify.net/api-docs#/message/createMessage, https://gotify.net/docs/msgextras."""
    if got.headers.get("x-gotify-key") != GOTIFY_TOKEN:
        description = "you need to provide a valid access token or user credentials"
        said = {"error": "Unauthorized", "errorCode": 401, "errorDescription": description}
        return told(said, 401)
    content = got.json()
    fine = (
        service.wants(got.path == "/message", "path")
        and service.only(content, "message", "title priority extras")
        and service.wants(content["message"], "message is required")
        and service.wants(type(content.get("priority")) is int, "priority")
        and service.wants(all("::" in key for key in content.get("extras", {})), "extras")
    )
    if not fine:
        return told({"error": "Bad Request", "errorCode": 400, "errorDescription": ""}, 400)
    service.taken.append(content)
    return told({"id": 25, "appid": 5, "date": "2018-02-27T19:36:10.5045044+01:00", **content})


def pushover(service: Service, got: Got) -> Reaction:
    """https://pushover.net/api#messages, #limits, #priority, #response."""
    content = got.form()
    optional = (
        "title device html monospace priority retry expire callback sound timestamp ttl url "
        "url_title tags"
    )
    wrong = [
        name
        for name, right in (("token", PUSHOVER_TOKEN), ("user", PUSHOVER_USER))
        if content.get(name) != right
    ]
    if wrong:
        errors = [f"{'application' if wrong[0] == 'token' else 'user'} identifier is invalid"]
        return told({wrong[0]: "invalid", "errors": errors, "status": 0, "request": "5042"}, 400)
    kind = "application/x-www-form-urlencoded"
    priority = int(content.get("priority", "0"))
    emergency = priority == 2
    fine = (
        service.wants(got.path == "/1/messages.json", "path")
        and service.wants(got.headers["content-type"] == kind, "content type")
        and service.only(content, "token user message", optional)
        and service.wants(1 <= len(content["message"]) <= 1024, "message")
        and service.wants(len(content.get("title", "")) <= 250, "title")
        and service.wants(len(content.get("url", "")) <= 512, "url")
        and service.wants(len(content.get("url_title", "")) <= 100, "url_title")
        and service.wants(-2 <= priority <= 2, "priority")
        and service.wants(int(content.get("timestamp", "1")) > 0, "timestamp")
        and service.wants(emergency == ("retry" in content), "retry with priority 2")
        and service.wants(emergency == ("expire" in content), "expire with priority 2")
        and service.wants(int(content.get("retry", "30")) >= 30, "retry")
        and service.wants(int(content.get("expire", "1")) <= 10800, "expire")
    )
    if not fine:
        return told({"errors": service.faults[-1:], "status": 0, "request": "5042"}, 400)
    service.taken.append(content)
    receipt = {"receipt": "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"} if emergency else {}
    return told({"status": 1, "request": "647d2300-702c-4b38-8b2f-d56326ae460b", **receipt})


def slack(service: Service, got: Got) -> Reaction:
    """https://api.slack.com/messaging/webhooks and https://api.slack.com/reference/block-kit."""
    if got.path != SLACK_PATH:
        return words("no_service", 404)
    content = got.json()
    fine = (
        service.wants(got.headers["content-type"] == "application/json", "content type")
        and service.only(content, "text", "blocks mrkdwn attachments thread_ts")
        and service.wants(content["text"], "text")
        and service.wants(1 <= len(content["blocks"]) <= 50, "blocks")
        and all(_slack_block(service, block) for block in content["blocks"])
    )
    if not fine:
        return words("invalid_blocks", 400)
    service.taken.append(content)
    return words("ok")


def _slack_block(service: Service, block: dict[str, Any]) -> bool:
    kind = block["type"]
    if kind == "actions":
        return all(
            service.only(one, "type text url", "action_id value style")
            and service.wants(one["type"] == "button", "button")
            and _slack_text(service, one["text"], 75)
            and service.wants(len(one["url"]) <= 3000, "url")
            for one in block["elements"]
        )
    limit = {"header": 150, "section": 3000}.get(kind, 0)
    return service.only(block, "type text", "block_id") and _slack_text(
        service, block["text"], limit
    )


def _slack_text(service: Service, text: dict[str, Any], limit: int) -> bool:
    bare = re.sub(r"&(amp|lt|gt);", "", text["text"])
    return (
        service.only(text, "type text", "emoji")
        and service.wants(text["type"] == "plain_text", "plain_text")
        and service.wants(1 <= len(text["text"]) <= limit, f"1 to {limit} characters")
        and service.wants(not set("&<>") & set(bare), "& < > are escaped")
    )


class _TelegramHtml(HTMLParser):
    """Telegram's HTML: few tags, well nested, and only four named entities."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.seen = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        if tag not in ("b", "i", "u", "s", "a", "code", "pre", "blockquote"):
            self.wrong.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_entityref(self, name: str) -> None:
        self.seen += {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}.get(name) or "?"
        if name not in ("lt", "gt", "amp", "quot"):
            self.wrong.append(name)

    def handle_data(self, data: str) -> None:
        self.seen += data
        if "<" in data or "&" in data:
            self.wrong.append(data)


def telegram(service: Service, got: Got) -> Reaction:
    """https://core.telegram.org/bots/api#sendmessage, #html-style, #inlinekeyboardbutton."""
    if got.path != f"/bot{TELEGRAM_TOKEN}/sendMessage":
        return told({"ok": False, "error_code": 404, "description": "Not Found"}, 404)
    content = got.json()
    parsed = _TelegramHtml()
    parsed.feed(content.get("text", ""))
    parsed.close()
    rows = content.get("reply_markup", {}).get("inline_keyboard", [])
    optional = "parse_mode link_preview_options disable_notification protect_content reply_markup"
    fine = (
        service.only(content, "chat_id text", optional)
        and service.wants(content.get("parse_mode") == "HTML", "parse mode")
        and service.wants(not parsed.wrong and not parsed.open, f"entities: {parsed.wrong}")
        and service.wants(1 <= len(parsed.seen.encode("utf-16-le")) // 2 <= 4096, "too long")
        and all(_telegram_button(service, button) for row in rows for button in row)
    )
    if not fine:
        said = {"ok": False, "error_code": 400, "description": "Bad Request: can't parse entities"}
        return told(said, 400)
    if content["chat_id"] != "4711":
        said = {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
        return told(said, 400)
    service.taken.append(content | {"seen": parsed.seen})
    result = {"message_id": 42, "date": 1700000000, "chat": {"id": 4711, "type": "private"}}
    return told({"ok": True, "result": result})


def _telegram_button(service: Service, button: dict[str, Any]) -> bool:
    return (
        service.only(button, "text", "callback_data url")
        and service.wants(len(button) == 2, "exactly one of callback_data and url")
        and service.wants(
            1 <= len(button.get("callback_data", "x").encode()) <= 64, "callback_data"
        )
    )


def home_assistant(service: Service, got: Got) -> Reaction:
    """https://www.home-assistant.io/docs/automation/trigger/#webhook-trigger.

    An id that nobody registered is answered just the same, so that none can be found by trying.
    """
    if got.path == f"/api/webhook/{HOME_ID}":
        service.wants(got.headers["content-type"] == "application/json", "trigger.json needs it")
        service.taken.append(got.json())
    return words("")


def twilio(service: Service, got: Got) -> Reaction:
    """https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource,

    https://www.twilio.com/docs/voice/api/call-resource#create-a-call-resource,
    https://www.twilio.com/docs/voice/twiml/say.
    """
    login = base64.b64encode(f"{TWILIO_ACCOUNT}:{TWILIO_TOKEN}".encode()).decode()
    if got.headers.get("authorization") != f"Basic {login}":
        return _twilio_error(20003, 401)
    content = got.form()
    if not re.fullmatch(r"\+[1-9]\d{7,14}", content.get("To", "")) or content["To"].endswith("000"):
        return _twilio_error(21211, 400)
    home = f"/2010-04-01/Accounts/{TWILIO_ACCOUNT}"
    if got.path == f"{home}/Messages.json":
        name = "MessagingServiceSid" if "MessagingServiceSid" in content else "From"
        fine = service.only(content, f"To Body {name}", "") and service.wants(
            1 <= len(content["Body"]) <= 1600, "Body"
        )
    else:
        fine = (
            service.wants(got.path == f"{home}/Calls.json", "path")
            and service.only(content, "To From Twiml", "Timeout")
            and service.wants(len(content["Twiml"]) <= 4000, "Twiml is too long")
            and _twiml(service, content["Twiml"])
        )
    if not fine:
        return _twilio_error(20001, 400)
    service.taken.append(content)
    sid = ("SM" if "Body" in content else "CA") + "fedcba9876543210" * 2
    return told({"sid": sid, "status": "queued", "error_code": None}, 201)


def _twiml(service: Service, text: str) -> bool:
    root = ET.fromstring(text)
    say = root.find("Say")
    if not service.wants(root.tag == "Response" and say is not None and say.text, "Twiml"):
        return False
    assert say is not None
    known = {"voice", "language", "loop"}
    return service.wants(set(say.keys()) <= known, "Say") and service.wants(
        say.get("language") in ("en-GB", "de-DE"), "language"
    )


def _twilio_error(code: int, status: int) -> Reaction:
    info = f"https://www.twilio.com/docs/errors/{code}"
    return told({"code": code, "message": "…", "more_info": info, "status": status}, status)
