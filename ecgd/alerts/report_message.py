"""The message that brings a report: the alert's own message under another type, with a file.

The stored message is small: the file is made when it goes out, and added then.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from ecgd.alerts.payload import TYPE
from ecgd.model.alarm import OutboxItem
from ecgd.model.finding import Severity

REPORT_TYPE: Final = "ecgd.alert.report"


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report as it is attached."""

    name: str
    content_type: str
    content: bytes = field(repr=False)

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")


def report_item(item: OutboxItem) -> OutboxItem | None:
    """Return the message of the report behind an alert's message; None: it is no alert's.

    Its id follows from alert and target alone, so that nobody gets a report twice. It is of the
    least severity: no alert ever waits for it.
    """
    try:
        body = json.loads(item.body)
        if body["type"] != TYPE or body["data"]["sample_index"] is None:
            return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    content = _packed(body | {"type": REPORT_TYPE})
    return OutboxItem(
        message_id=f"msg_{uuid5(NAMESPACE_URL, f'{item.alert_id}/{item.target}/report').hex}",
        alert_id=item.alert_id,
        target=item.target,
        severity=Severity.LOW,
        body=content,
        created_unix_s=item.created_unix_s,
    )


def is_report(body: bytes) -> bool:
    """Return whether a body brings a report."""
    try:
        return bool(json.loads(body)["type"] == REPORT_TYPE)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def with_file(body: bytes, file: ReportFile) -> bytes:
    """Return a report's message with its file in it, as every profile gets it."""
    whole = json.loads(body)
    whole["data"]["report"] = {
        "file_name": file.name,
        "content_type": file.content_type,
        "bytes": len(file.content),
        "sha256": hashlib.sha256(file.content).hexdigest(),
        "base64": base64.b64encode(file.content).decode("ascii"),
    }
    return _packed(whole)


def file_of(data: dict[str, Any]) -> ReportFile | None:
    """Return the file in a message's ``data``, None where there is none."""
    found: Any = data.get("report")
    try:
        content = base64.b64decode(found["base64"], validate=True)
        return ReportFile(str(found["file_name"]), str(found["content_type"]), content)
    except (KeyError, TypeError, binascii.Error, ValueError):
        return None


def _packed(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
