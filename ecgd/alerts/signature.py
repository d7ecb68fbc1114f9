"""Signatures of Standard Webhooks 1.0 (github.com/standard-webhooks, specification)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence

TOLERANCE_S = 300.0
"""A message whose timestamp is further away from now is refused: it may be a replay."""


def signed(secret: bytes, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return "v1," and the base64 of HMAC-SHA256 over ``id.timestamp.body``."""
    content = f"{message_id}.{timestamp_s}.".encode() + body
    digest = hmac.new(secret, content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode("ascii")


def signature_headers(
    secrets: Sequence[bytes], message_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """Return the standard's headers; one signature per secret, none without secrets."""
    headers = {"webhook-id": message_id, "webhook-timestamp": str(timestamp_s)}
    if secrets:
        headers["webhook-signature"] = " ".join(
            signed(secret, message_id, timestamp_s, body) for secret in secrets
        )
    return headers


def verified(
    secret: bytes,
    headers: Mapping[str, str],
    body: bytes,
    now_s: float,
    tolerance_s: float = TOLERANCE_S,
) -> bool:
    """Return whether one signature of a received message is ours and its timestamp is near now.

    ``headers`` may be spelled in any case. A missing or malformed header is False, no error.
    """
    found = {name.lower(): value for name, value in headers.items()}
    message_id = found.get("webhook-id", "")
    timestamp = found.get("webhook-timestamp", "")
    if not (message_id and timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15):
        return False
    if abs(now_s - int(timestamp)) > tolerance_s:
        return False
    expected = signed(secret, message_id, int(timestamp), body).encode()
    received = found.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected, one.encode("utf-8", "replace")) for one in received)
