"""Services as ``phone_schemas`` has them, where a report with a file comes."""

from __future__ import annotations

import json
import re
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import phone_schemas as schemas
from phone_services import Got, Reaction, Service, told


def form_of(service: Service, got: Got) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """Return fields and files of a form (RFC 7578), the files as (content type, content)."""
    head = f"Content-Type: {got.headers['content-type']}\r\n\r\n".encode()
    message = message_from_bytes(head + got.body)
    service.wants(message.is_multipart() and not message.defects, f"form: {message.defects}")
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in message.get_payload() if message.is_multipart() else ():
        assert not isinstance(part, str)
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if part.get_filename() is None:
            service.wants("content-type" not in part, "a field has no type")
            fields[name] = content.decode()
        else:
            service.wants(re.fullmatch(r"[\w.-]{1,64}", part.get_filename() or ""), "file name")
            files[name] = (part.get_content_type(), content)
    return fields, files


def ntfy(service: Service, got: Got) -> Reaction:
    """https://docs.ntfy.sh/publish/#attach-local-file, #list-of-all-parameters."""
    if got.method != "PUT":
        return schemas.ntfy(service, got)
    parts = urlsplit(got.path)
    content: dict[str, Any] = dict(parse_qsl(parts.query, strict_parsing=True))
    optional = "title priority tags click filename"
    fine = (
        service.wants(got.headers["authorization"] == f"Bearer {schemas.NTFY_TOKEN}", "token")
        and service.wants(parts.path == f"/{schemas.NTFY_TOPIC}", "the topic is the path")
        and service.only(content, "message", optional)
        and service.wants(content["priority"] in {"1", "2", "3", "4", "5"}, "priority")
        and service.wants(len(content["message"].encode()) <= 4096, "message")
        and service.wants(len(got.path) < 4000, "servers cut longer addresses")
        and service.wants(bool(got.body) == ("filename" in content), "the body is the file")
        and service.wants(len(got.body) <= 15 << 20, "attachments end at 15 MB")
    )
    if not fine:
        return told({"code": 40001, "http": 400, "error": "invalid request"}, 400)
    file = (got.headers.get("content-type"), got.body)
    service.taken.append(content | {"file": file, "silent": content["priority"] in "12"})
    return told({"id": "xE73Iyuabi", "event": "message", "topic": schemas.NTFY_TOPIC})


def pushover(service: Service, got: Got) -> Reaction:
    """https://pushover.net/api#attachments."""
    if not got.headers["content-type"].startswith("multipart/"):
        return schemas.pushover(service, got)
    fields, files = form_of(service, got)
    optional = "title priority timestamp url url_title"
    fine = (
        service.wants(got.path == "/1/messages.json", "path")
        and service.only(fields, "token user message", optional)
        and service.wants(fields["token"] == schemas.PUSHOVER_TOKEN, "token")
        and service.wants(1 <= len(fields["message"]) <= 1024, "message")
        and service.wants(int(fields["priority"]) in range(-2, 2), "2 needs retry and expire")
        and service.wants(set(files) <= {"attachment"}, "one attachment")
        and all(
            service.wants(kind.startswith("image/") and len(content) <= 5_242_880, "a picture")
            for kind, content in files.values()
        )
    )
    if not fine:
        return told({"errors": service.faults[-1:], "status": 0, "request": "5042"}, 400)
    silent = int(fields["priority"]) < 0
    service.taken.append(fields | {"file": files.get("attachment"), "silent": silent})
    return told({"status": 1, "request": "647d2300-702c-4b38-8b2f-d56326ae460b"})


def telegram(service: Service, got: Got) -> Reaction:
    """https://core.telegram.org/bots/api#senddocument."""
    if not got.headers["content-type"].startswith("multipart/"):
        return schemas.telegram(service, got)
    fields, files = form_of(service, got)
    seen = re.sub(r"</?b>", "", fields.get("caption", ""))
    seen = seen.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    optional = "caption parse_mode disable_notification reply_markup"
    fine = (
        service.wants(got.path == f"/bot{schemas.TELEGRAM_TOKEN}/sendDocument", "path")
        and service.only(fields, "chat_id", optional)
        and service.wants(fields["chat_id"] == "4711", "chat")
        and service.wants(len(seen.encode("utf-16-le")) // 2 <= 1024, "caption")
        and service.wants(fields["parse_mode"] == "HTML", "parse mode")
        and service.wants(all(_is_button(each) for each in _buttons(fields)), "button")
        and service.wants(set(files) == {"document"}, "the document itself")
        and service.wants(len(files["document"][1]) <= 50 << 20, "50 MB at most")
    )
    if not fine:
        return told({"ok": False, "error_code": 400, "description": "Bad Request"}, 400)
    silent = fields["disable_notification"] == "true"
    service.taken.append(fields | {"file": files["document"], "seen": seen, "silent": silent})
    return told({"ok": True, "result": {"message_id": 43, "chat": {"id": 4711}}})


def _buttons(fields: dict[str, str]) -> list[dict[str, Any]]:
    rows = json.loads(fields.get("reply_markup", "{}")).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _is_button(button: dict[str, Any]) -> bool:
    return set(button) == {"text", "url"} and button["url"].startswith(("http://", "https://"))
