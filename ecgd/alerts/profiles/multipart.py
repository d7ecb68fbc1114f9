"""A form with a file in it (RFC 7578), as browsers send it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from ecgd.alerts.profiles.profile import Request
from ecgd.alerts.report_message import ReportFile


def form_request(
    url: str, fields: Mapping[str, str], name: str, file: ReportFile | None
) -> Request:
    """Return a POST of a form; ``name`` is what the service calls the file."""
    parts = [(f'form-data; name="{key}"', "", value.encode()) for key, value in fields.items()]
    if file is not None:
        where = f'form-data; name="{name}"; filename="{_plain(file.name)}"'
        parts.append((where, file.content_type, file.content))
    boundary = _boundary(content for _, _, content in parts)
    pieces = []
    for where, kind, content in parts:
        head = f"--{boundary}\r\nContent-Disposition: {where}\r\n"
        head += f"Content-Type: {kind}\r\n" if kind else ""
        pieces += [head.encode(), b"\r\n", content, b"\r\n"]
    body = b"".join([*pieces, f"--{boundary}--\r\n".encode()])
    return Request(url, body, {"content-type": f"multipart/form-data; boundary={boundary}"})


def _boundary(contents: Iterable[bytes]) -> str:
    """Return what stands in none of the contents: a fingerprint of all of them."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return f"ecgd-{digest.hexdigest()[:48]}"


def _plain(name: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "_" for char in name)
