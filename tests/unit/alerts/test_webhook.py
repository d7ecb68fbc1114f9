"""What an answer, or none, means. The attempts themselves are tested against a real receiver."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from ecgd.alerts.answer import judged, retry_after_s
from ecgd.alerts.webhook import WebhookTarget, failure
from ecgd.config.settings import WebhookSettings
from ecgd.errors import DeliveryError
from ecgd.model.alarm import DeliveryResult


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_delivered(status: int) -> None:
    assert judged(status, {}, 0.0).result is DeliveryResult.DELIVERED


def test_410_is_gone() -> None:
    assert judged(410, {}, 0.0).result is DeliveryResult.GONE


@pytest.mark.parametrize("status", [100, 301, 307, 400, 401, 403, 404, 408, 425, 429, 500, 503])
def test_anything_else_is_tried_again(status: int) -> None:
    answer = judged(status, {"Retry-After": "7"}, 0.0)
    assert answer.result is DeliveryResult.RETRY
    assert str(status) in answer.detail
    assert answer.retry_after_s == 7.0


@pytest.mark.parametrize(("status", "words"), [(302, "not followed"), (403, "refuses"), (999, "")])
def test_detail_says_what_to_do(status: int, words: str) -> None:
    assert words in judged(status, {}, 0.0).detail


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1e3"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "9" * 400}, 999999999.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 60.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:20:00 GMT"}, 0.0),
        ({"Retry-After": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
        (
            {
                "Retry-After": "Wed, 21 Oct 2030 07:28:00 GMT",
                "Date": "Wed, 21 Oct 2030 07:27:30 GMT",
            },
            30.0,
        ),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    now_unix_s = 1445412420.0  # Wed, 21 Oct 2015 07:27:00 GMT
    assert retry_after_s(headers, now_unix_s) == seconds


def wrapped(cause: BaseException) -> requests.ConnectionError:
    """Return a cause as requests hands it over: three exceptions deep, with the URL in each."""
    url = "https://user:token@example.invalid/secret-topic"
    inner = NewConnectionError(None, f"Failed to establish {url}")  # type: ignore[arg-type]
    inner.__cause__ = cause
    return requests.ConnectionError(MaxRetryError(None, url, inner))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ConnectionRefusedError(111, "x"), "connection refused"),
        (ConnectionResetError(104, "x"), "connection reset by peer"),
        (socket.gaierror(-2, "Name or service not known"), "the name does not resolve"),
        (TimeoutError("timed out"), "no answer in time"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version"), "TLS failed"),
        (ValueError("secret-topic"), "the connection failed"),
    ],
)
def test_failure_is_told_in_plain_words_without_the_address(
    cause: BaseException, words: str
) -> None:
    told = failure(wrapped(cause))
    assert words in told
    assert "secret-topic" not in told
    assert "token" not in told


@pytest.mark.parametrize("url", ["", "ftp://host/x", "host/x", "https:///x", "file:///etc/passwd"])
def test_address_that_is_no_web_address(url: str) -> None:
    with pytest.raises(DeliveryError, match=r"no http.*address"):
        WebhookTarget(WebhookSettings(name="home", url=url)).check()


def test_missing_authority_and_secret_are_told(tmp_path: Path) -> None:
    url, nowhere = "https://example.invalid/", str(tmp_path / "nowhere")
    with pytest.raises(DeliveryError, match=r"nowhere does not exist"):
        WebhookTarget(WebhookSettings(name="home", url=url, ca_file=nowhere)).check()
    with pytest.raises(DeliveryError, match=r"nowhere cannot be read"):
        WebhookTarget(WebhookSettings(name="home", url=url, secret_file=nowhere)).check()
