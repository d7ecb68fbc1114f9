"""A cold connection with TLS: the authorities have been read, and are still asked."""

from __future__ import annotations

import ssl
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from webhook_receiver import answer, delivering, item, receiving, self_signed, until

from ecgd.alerts import authorities
from ecgd.model.alarm import DeliveryResult


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    return self_signed(tmp_path_factory.mktemp("tls"))


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Answer, and take no second request on this connection."""
    answer(200, Connection="close")(handler)
    handler.close_connection = True


def test_no_alert_waits_for_the_authorities_to_be_read(
    certificate: tuple[str, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str | None] = []
    make = ssl.create_default_context

    def counted(**options: Any) -> ssl.SSLContext:
        made.append(options["cafile"])
        return make(**options)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    authorities._context.cache_clear()
    cert, context = certificate
    with (
        receiving(hang_up, tls=context) as receiver,
        delivering(receiver.url, ca_file=cert) as delivery,
    ):
        until(lambda: made)
        for n in range(3):
            delivery.worker.submit(item(f"msg_{n}"))
            delivery.await_reports(n + 1)
        assert delivery.results() == [DeliveryResult.DELIVERED] * 3
        assert len({one.client for one in receiver.received}) == 3
    assert made == [cert]


def test_another_name_is_refused(certificate: tuple[str, ssl.SSLContext]) -> None:
    cert, context = certificate
    with receiving(answer(200), tls=context) as receiver:
        url = receiver.url.replace("localhost", "127.0.0.1")
        with delivering(url, ca_file=cert) as delivery:
            delivery.worker.submit(item())
            until(lambda: delivery.reports)
            assert delivery.results()[0] is DeliveryResult.RETRY
            assert "certificate" in delivery.reports[0].detail
        assert receiver.received == []
