"""What services put into their answers is taken only where it is what it should be."""

from __future__ import annotations

import pytest

from ecgd.alerts.answer import Reply, judged_reply, receipt_of, seconds_of, taken, try_again
from ecgd.model.alarm import DeliveryResult


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (5, 5.0),
        (0.5, 0.5),
        (0, 0.0),
        (-1, None),
        ("5", None),
        (True, None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e12, None),
    ],
)
def test_delay_in_a_body(value: object, seconds: float | None) -> None:
    assert seconds_of(value) == seconds


@pytest.mark.parametrize(
    ("value", "receipt"),
    [
        ("rLqVuqTRh62UzxtmqiaLzQmVcPgiCy", "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"),
        (42, "42"),
        (True, ""),
        (None, ""),
        ("a/../b", ""),
        ("a" * 65, ""),
        ({"id": 1}, ""),
    ],
)
def test_receipt_is_fit_to_be_asked_for_in_an_address(value: object, receipt: str) -> None:
    assert receipt_of(value) == receipt


@pytest.mark.parametrize("body", [None, b"", b"[1]", b"{", b"\xff", b"[" * 9999, b"null"])
def test_body_that_is_no_object_is_an_empty_one(body: bytes | None) -> None:
    assert Reply(200, {}, body).json() == {}


def test_foreign_is_a_success_in_words_that_are_not_the_services() -> None:
    assert Reply(200, {}, b"<html>").is_foreign
    assert not Reply(200, {}, b'{"id": 1}').is_foreign
    assert not Reply(200, {}).is_foreign, "its words have not come yet"
    assert not Reply(500, {}, b"<html>").is_foreign


def test_longer_of_two_delays_is_waited() -> None:
    reply = Reply(429, {"Retry-After": "7"})
    assert try_again(reply, "busy", 5.0).retry_after_s == 7.0
    assert try_again(reply, "busy", 9.0).retry_after_s == 9.0
    assert try_again(Reply(429, {}), "busy").retry_after_s is None
    assert try_again(reply, "busy").detail == "HTTP 429 Too Many Requests: busy"


def test_status_alone_decides_where_nothing_else_is_known() -> None:
    assert judged_reply(Reply(204, {})).result is DeliveryResult.DELIVERED
    assert judged_reply(Reply(410, {})).result is DeliveryResult.GONE
    assert taken(Reply(201, {}), "SM1").receipt == "SM1"
