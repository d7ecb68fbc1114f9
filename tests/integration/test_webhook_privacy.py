"""What a delivery keeps to itself: secrets, certificates that are checked, no foreign proxy."""

from __future__ import annotations

import base64
import gzip
import logging
import ssl
import tracemalloc
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from webhook_receiver import (
    SECRET,
    answer,
    close_before_status,
    delivering,
    item,
    raw,
    receiving,
    self_signed,
    until,
    write_secrets,
)

from ecgd.alerts.retry import RetrySchedule
from ecgd.model.alarm import DeliveryResult


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, Any]:
    return write_secrets(tmp_path)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    return self_signed(tmp_path_factory.mktemp("tls"))


def test_bad_secret_is_told_kept_from_the_log_and_mended_without_restart(
    secrets: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    path = Path(secrets["secret_file"])
    path.chmod(0o644)
    with receiving(answer(200)) as receiver, delivering(receiver.url, **secrets) as delivery:
        assert "chmod 0600" in delivery.worker.health().detail
        delivery.worker.submit(item())
        until(lambda: delivery.reports)
        assert delivery.results()[0] is DeliveryResult.RETRY
        path.chmod(0o600)
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        assert delivery.worker.health().healthy
    told = caplog.text + "".join(report.detail for report in delivery.reports)
    assert base64.b64encode(SECRET).decode() not in told


def test_proxies_and_passwords_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine localhost login someone password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    with receiving(answer(200)) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item())
        until(lambda: delivery.reports)
        assert delivery.results() == [DeliveryResult.DELIVERED]
        assert "authorization" not in receiver.received[0].headers


def test_tls_with_its_own_authority_and_a_warm_connection(
    certificate: tuple[str, ssl.SSLContext],
) -> None:
    cert, context = certificate
    with (
        receiving(answer(200), tls=context) as receiver,
        delivering(receiver.url, ca_file=cert) as delivery,
    ):
        for n in range(2):
            delivery.worker.submit(item(f"msg_{n}"))
            delivery.await_reports(n + 1)
        assert delivery.results() == [DeliveryResult.DELIVERED] * 2
        assert len({one.client for one in receiver.received}) == 1


def test_unknown_authority_is_refused(certificate: tuple[str, ssl.SSLContext]) -> None:
    with receiving(answer(200), tls=certificate[1]) as receiver:
        with delivering(receiver.url) as delivery:
            delivery.worker.submit(item())
            until(lambda: delivery.reports)
            assert delivery.results()[0] is DeliveryResult.RETRY
            assert "certificate" in delivery.reports[0].detail
        assert receiver.received == []


def test_an_answer_that_is_packed_although_nobody_asked_is_not_unpacked(tmp_path: Path) -> None:
    """Sixteen KiB may unpack to as many MiB, and twice packed to more than there is."""
    bomb = gzip.compress(gzip.compress(bytes(8_000_000)))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    keys = tmp_path / "keys"
    keys.write_text("AzyoeNS.D4iJLVa")
    keys.chmod(0o600)
    settings: dict[str, Any] = {"profile": "gotify", "secret_file": str(keys)}
    with (
        receiving(raw(head.encode() + bomb)) as receiver,
        delivering(receiver.url.removesuffix("/hook"), **settings) as delivery,
    ):
        tracemalloc.start()
        delivery.worker.submit(item())
        until(lambda: delivery.reports)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert receiver.received[0].headers["accept-encoding"] == "identity"
    assert delivery.results() == [DeliveryResult.DELIVERED]
    assert peak_bytes < 4_000_000


AT_ONCE = RetrySchedule(first_s=(0.02,) * 9)
HOSTILE = (
    raw(b"HTTP/1.1 500 No\r\nno header at all\r\nX: y\r\n\r\n"),
    raw(b"garbage\r\n"),
    raw(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    raw(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n{}"),
    close_before_status,
)
SETTINGS: dict[str, dict[str, Any]] = {
    "ntfy": {"acknowledge": True},
    "twilio-sms": {"recipient": "+4917012345678", "sender": "+15017122661"},
    "twilio-call": {"recipient": "+4917012345678", "sender": "+15017122661"},
    "json": {"template": '{"text": "{title}"}'},
}
KEYS = {
    "ntfy": (
        "topic=5f3a9c1e07b24d68a1f0c3e97b5d2846",
        "token=tk_Abc",
        "reply=0c9e4b7f1a2d5836e8b7c6",
    ),
    "gotify": ("token=AzyoeNS.D4iJLVa",),
    "pushover": ("token=azGDORePK8gMaC0QOYAMyEEuzJnyUi", "user=uQiRzpo4DXghDmr9QzzfQu27cmVRsG"),
    "slack": ("url={url}/services/T000/B000/XXXXXXXXXXXXXXXXXXXXXXXX",),
    "telegram": ("token=123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11", "chat=4711471147"),
    "home-assistant": ("webhook_id=WM4yDxT2b0sZ7nq1fJ3cKpA9",),
    "twilio-sms": ("account=AC" + "0123456789abcdef" * 2, "token=b1946ac92492d2347c6235b4d2"),
    "twilio-call": ("account=AC" + "0123456789abcdef" * 2, "token=b1946ac92492d2347c6235b4d2"),
    "json": ("Authorization=Bearer 0a1b2c3d4e5f", "url={url}/in/path-with-a-secret"),
    "apprise": ("url=json://somebody:pass0wrd@{host}/path-with-a-secret",),
}


@pytest.mark.parametrize("profile", KEYS)
def test_whatever_goes_wrong_no_secret_is_told(
    profile: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 warns of broken headers with the whole address, in which Telegram has its token."""
    if profile == "apprise" and find_spec("apprise") is None:
        pytest.skip("the package apprise is missing: pip install apprise")
    caplog.set_level(logging.DEBUG, "ecgd")
    settings = dict(SETTINGS.get(profile, {}))
    with receiving(*HOSTILE) as receiver:
        url = receiver.url.removesuffix("/hook")
        host = url.removeprefix("http://")
        lines = [line.format(url=url, host=host) for line in KEYS[profile]]
        keys = tmp_path / "keys"
        keys.write_text("\n".join(lines))
        keys.chmod(0o600)
        if profile not in ("slack", "json", "apprise"):
            settings["url"] = url
        target = str(settings.pop("url", ""))
        settings |= {"profile": profile, "secret_file": str(keys)}
        with delivering(target, schedule=AT_ONCE, **settings) as delivery:
            delivery.worker.submit(item())
            until(lambda: len(delivery.reports) >= len(HOSTILE))
            told = caplog.text + repr(delivery.reports) + repr(delivery.worker.health())
    for line in lines:
        secret = line.partition("=")[2].removeprefix(url).removeprefix("json://")
        assert secret not in told
    assert "pass0wrd" not in told
    assert "4917012345678" not in told
    assert set(delivery.results()) == {DeliveryResult.RETRY}
