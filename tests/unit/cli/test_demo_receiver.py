"""The demo's receiver: its own check of signatures, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecgd.cli.demo_receiver import MAX_BODY_BYTES, Receiver, signature_fault
from ecgd.errors import DeliveryError

SECRET = b"0123456789abcdef0123456789abcdef"
BODY = json.dumps({"data": {"alert_id": "a1", "event_type": "STEMI_DETECTED"}}).encode()


def _headers(
    body: bytes = BODY, *, secret: bytes = SECRET, at: float | None = None
) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret, f"msg-1.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": "msg-1",
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def test_the_vector_of_the_standard_is_accepted() -> None:
    # github.com/standard-webhooks/standard-webhooks, the example of its libraries' tests
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert signature_fault(secret, headers, b'{"test": 2432232314}', 1614265330.0) == ""


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"webhook-id": ""}, "webhook-id"),
        ({"webhook-timestamp": "soon"}, "no number"),
        ({"webhook-timestamp": "²"}, "no number"),
        ({"webhook-timestamp": "1"}, "not of now"),
        ({"webhook-signature": "v1,AAAA"}, "no signature"),
        ({"webhook-signature": ""}, "no signature"),
        ({"webhook-id": "msg-2"}, "no signature"),
    ],
)
def test_each_fault_is_named(changed: dict[str, str], fault: str) -> None:
    headers = _headers(at=1000.0) | changed
    assert fault in signature_fault(SECRET, headers, BODY, 1000.0)


def test_one_right_signature_among_several_is_enough() -> None:
    headers = _headers(at=1000.0)
    headers["webhook-signature"] = "v1,AAAA " + headers["webhook-signature"]
    assert signature_fault(SECRET, headers, BODY, 1000.0) == ""


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver("127.0.0.1", 0, SECRET, tmp_path / "received")
    made.start()
    yield made
    made.stop()


def _post(receiver: Receiver, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=5)
    try:
        connection.request("POST", "/alerts", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_signed_alert_is_kept_with_its_body(receiver: Receiver, tmp_path: Path) -> None:
    assert _post(receiver, BODY, _headers()) == 200
    (delivery,) = receiver.deliveries
    assert (delivery.event_type, delivery.alert_id) == ("STEMI_DETECTED", "a1")
    assert (delivery.message_id, delivery.fault) == ("msg-1", "")
    assert (tmp_path / "received" / "0001.json").read_bytes() == BODY


def test_a_forged_alert_is_refused_and_told(receiver: Receiver) -> None:
    assert _post(receiver, BODY, _headers(secret=b"another secret of 24 byte")) == 401
    assert [delivery.fault for delivery in receiver.deliveries] == ["no signature matches"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 7}', b"\xff"])
def test_a_signed_body_that_is_no_alert_is_no_crash(receiver: Receiver, body: bytes) -> None:
    assert _post(receiver, body, _headers(body)) == 200
    assert [delivery.event_type for delivery in receiver.deliveries] == [""]


def test_a_body_without_a_sane_length_is_refused_unread(receiver: Receiver) -> None:
    for length in (str(MAX_BODY_BYTES + 1), "-1", "many"):
        assert _post(receiver, b"", _headers() | {"Content-Length": length}) == 413
    assert not receiver.deliveries


def test_a_port_that_is_taken_says_what_to_do(receiver: Receiver, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="cannot listen") as refused:
        Receiver("127.0.0.1", receiver.port, SECRET, tmp_path)
    assert "change the webhook's url" in refused.value.remedy
