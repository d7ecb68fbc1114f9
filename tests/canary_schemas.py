"""What the services that reach phones say to a canary, as their documentation or source has it."""

from __future__ import annotations

import base64

from phone_schemas import (
    GOTIFY_TOKEN,
    HOME_ID,
    NTFY_TOKEN,
    NTFY_TOPIC,
    PUSHOVER_TOKEN,
    PUSHOVER_USER,
    TELEGRAM_TOKEN,
    TWILIO_ACCOUNT,
    TWILIO_TOKEN,
)
from phone_services import Got, Reaction, Service, told, words

NTFY_CANARY = "4be1f0c7a25d9836e0c1b2a3d4f50617"
CHAT = "4711"


def ntfy(service: Service, got: Got) -> Reaction:
    """https://docs.ntfy.sh/publish/ (headers), and GET /<topic>/auth of ntfy's server.

    Who has no token may write to the alert topic's own canary, who has one only where it may.
    """
    token = got.headers.get("authorization", "")
    if token not in ("", f"Bearer {NTFY_TOKEN}"):
        return told({"code": 40101, "http": 401, "error": "unauthorized"}, 401)
    if got.method == "GET":
        fine = service.wants(got.path == f"/{NTFY_TOPIC}/auth", "path") and token
        return told({"success": True}) if fine else told({"code": 40301, "http": 403}, 403)
    allowed = {f"/{NTFY_CANARY}"} if token else {f"/{NTFY_TOPIC}-canary"}
    if got.path not in allowed:
        return told({"code": 40301, "http": 403, "error": "forbidden"}, 403)
    service.wants(got.headers.get("priority") == "min", "it would be seen")
    service.wants(got.headers.get("cache") == "no", "it would be kept")
    service.wants(got.headers.get("firebase") == "no", "it would wake a phone")
    service.taken.append({"message": got.body.decode()})
    return told({"id": "xE73Iyuabi", "event": "message", "topic": got.path[1:]})


def gotify(service: Service, got: Got) -> Reaction:
    """https://gotify.net/api-docs: 401 before 400; a message without words is a bad request."""
    if got.headers.get("x-gotify-key") != GOTIFY_TOKEN:
        return told({"error": "Unauthorized", "errorCode": 401, "errorDescription": ""}, 401)
    if not got.json().get("message"):
        what = "Field 'message' is required"
        return told({"error": "Bad Request", "errorCode": 400, "errorDescription": what}, 400)
    service.taken.append(got.json())
    return told({"id": 25})


def pushover(service: Service, got: Got) -> Reaction:
    """https://pushover.net/api#verification."""
    service.wants(got.path == "/1/users/validate.json", "path")
    content = got.form()
    if content != {"token": PUSHOVER_TOKEN, "user": PUSHOVER_USER}:
        wrong = "token" if content.get("token") != PUSHOVER_TOKEN else "user"
        return told({wrong: "invalid", "errors": ["invalid"], "status": 0}, 400)
    return told({"status": 1, "group": 0, "devices": ["phone"], "request": "5042"})


def telegram(service: Service, got: Got) -> Reaction:
    """https://core.telegram.org/bots/api#sendchataction and #getchat."""
    method = got.path.removeprefix(f"/bot{TELEGRAM_TOKEN}/")
    if method == got.path:
        return told({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401)
    content = got.json()
    if content.get("chat_id") == "1":
        said = "Forbidden: bot was blocked by the user"
        return told({"ok": False, "error_code": 403, "description": said}, 403)
    if method == "sendChatAction" and content == {"chat_id": CHAT, "action": "typing"}:
        return told({"ok": True, "result": True})
    if method == "getChat" and content["chat_id"].startswith("-"):
        return told({"ok": True, "result": {"id": -100, "type": "supergroup"}})
    return told({"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}, 400)


def home_assistant(service: Service, got: Got) -> Reaction:
    """homeassistant/components/webhook: HEAD is answered without starting anything."""
    service.wants(got.method == "HEAD", "it would start an automation")
    service.wants(got.path == f"/api/webhook/{HOME_ID}", "path")
    return 200, {}, b""


def twilio(service: Service, got: Got) -> Reaction:
    """https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources."""
    login = base64.b64encode(f"{TWILIO_ACCOUNT}:{TWILIO_TOKEN}".encode()).decode()
    service.wants(got.method == "GET", "it would send something")
    if got.headers.get("authorization") != f"Basic {login}":
        return told({"code": 20003, "message": "Authenticate", "status": 401}, 401)
    home = f"/2010-04-01/Accounts/{TWILIO_ACCOUNT}"
    if got.path not in (f"{home}/Messages.json?PageSize=1", f"{home}/Calls.json?PageSize=1"):
        return told({"code": 20404, "status": 404}, 404)
    return told({"page": 0, "page_size": 1, "messages": []})


def portal(service: Service, got: Got) -> Reaction:
    """Somebody else's page, as a hotel's network shows one."""
    return words("<html>please log in</html>")
