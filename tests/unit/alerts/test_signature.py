from __future__ import annotations

import base64

import pytest

from ecgd.alerts.signature import signature_headers, signed, verified

# The example that the Standard Webhooks libraries publish and are tested with.
SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP_S = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

OTHER = bytes(range(32))


def test_published_example() -> None:
    assert signed(SECRET, MESSAGE_ID, TIMESTAMP_S, BODY) == SIGNATURE


def test_headers_verify_in_any_case_of_letters() -> None:
    headers = signature_headers([SECRET], MESSAGE_ID, TIMESTAMP_S, BODY)
    assert headers == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(TIMESTAMP_S),
        "webhook-signature": SIGNATURE,
    }
    shouted = {name.upper(): value for name, value in headers.items()}
    assert verified(SECRET, shouted, BODY, TIMESTAMP_S + 10)


def test_both_secrets_verify_while_one_is_rotated() -> None:
    headers = signature_headers([OTHER, SECRET], MESSAGE_ID, TIMESTAMP_S, BODY)
    assert len(headers["webhook-signature"].split(" ")) == 2
    assert verified(SECRET, headers, BODY, TIMESTAMP_S)
    assert verified(OTHER, headers, BODY, TIMESTAMP_S)
    assert not verified(bytes(24), headers, BODY, TIMESTAMP_S)


def test_without_secret_there_is_no_signature() -> None:
    headers = signature_headers([], MESSAGE_ID, TIMESTAMP_S, BODY)
    assert set(headers) == {"webhook-id", "webhook-timestamp"}
    assert not verified(SECRET, headers, BODY, TIMESTAMP_S)


@pytest.mark.parametrize(
    ("change", "body", "now_s"),
    [
        ({"webhook-id": "msg_other"}, BODY, TIMESTAMP_S),
        ({"webhook-timestamp": str(TIMESTAMP_S + 1)}, BODY, TIMESTAMP_S),
        ({"webhook-timestamp": "²"}, BODY, TIMESTAMP_S),
        ({"webhook-timestamp": "9" * 5000}, BODY, TIMESTAMP_S),
        ({"webhook-timestamp": ""}, BODY, TIMESTAMP_S),
        ({"webhook-signature": "v1,é"}, BODY, TIMESTAMP_S),
        ({"webhook-signature": SIGNATURE.removeprefix("v1,")}, BODY, TIMESTAMP_S),
        ({}, BODY + b" ", TIMESTAMP_S),
        ({}, BODY, TIMESTAMP_S + 301),
        ({}, BODY, TIMESTAMP_S - 301),
    ],
)
def test_anything_changed_or_stale_is_refused(
    change: dict[str, str], body: bytes, now_s: float
) -> None:
    headers = signature_headers([SECRET], MESSAGE_ID, TIMESTAMP_S, BODY) | change
    assert not verified(SECRET, headers, body, now_s)
