"""Deliveries to a real HTTP receiver that behaves, misbehaves, drips, hangs and goes away."""

from __future__ import annotations

import base64
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.payload import alert_body
from ecgd.alerts.retry import RetrySchedule
from ecgd.alerts.signature import verified
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import EventType, Severity

QUICK = RetrySchedule(first_s=(0.05, 0.1, 0.2), cap_s=0.3)
SECRET, PREVIOUS = bytes(range(32)), bytes(range(32, 64))
ALERT = Alert(
    alert_id="a1",
    patient_id="anna",
    patient_name="Anna",
    event_type=EventType.STEMI_DETECTED,
    severity=Severity.CRITICAL,
    occurred_unix_s=1_700_000_000.0,
    occurred_mono_s=5.0,
    boot_id="b",
    clock_synchronised=True,
    simulated=False,
    description="ST elevation",
    recommended_action="Call 112",
)
REAL, SIMULATED = alert_body(ALERT), alert_body(replace(ALERT, simulated=True))


def item(name: str = "msg_1", severity: Severity = Severity.CRITICAL, **more: Any) -> OutboxItem:
    return OutboxItem(
        name,
        "a1",
        "home",
        severity,
        more.pop("body", REAL),
        more.pop("created_unix_s", 0.0),
        **more,
    )


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes
    at_s: float
    client: Any


@dataclass
class Receiver:
    """Answers the n-th request with the n-th behaviour, the last one for ever."""

    behaviours: list[Callable[[BaseHTTPRequestHandler], None]]
    received: list[Received] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.received]


def answer(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    return behave


def drip(text: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Send ``text`` at once and then one byte every 50 ms, for ever."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        receiver: Receiver = handler.server.receiver  # type: ignore[attr-defined]
        handler.wfile.write(text)
        with suppress(OSError):
            while not receiver.stopped.wait(0.05):
                handler.wfile.write(b"x")
                handler.wfile.flush()

    return behave


def hang(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.server.receiver.stopped.wait(60.0)  # type: ignore[attr-defined]


def close_before_status(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 20")


def close_amid_body(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")


def endless_body(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    with suppress(OSError):
        for _ in range(4000):
            handler.wfile.write(bytes(65536))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        now_s = time.monotonic()
        receiver.received.append(Received(headers, body, now_s, self.client_address))
        behaviours = receiver.behaviours
        (behaviours.pop(0) if len(behaviours) > 1 else behaviours[0])(self)

    def log_message(self, *_: Any) -> None:
        return


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    receiver: Receiver

    def handle_error(self, *_: Any) -> None:
        return


@contextmanager
def receiving(
    *behaviours: Callable[[BaseHTTPRequestHandler], None], tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    receiver = Receiver(list(behaviours), url=f"{scheme}://localhost:{server.server_port}/hook")
    server.receiver = receiver
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.stopped.set()
        server.shutdown()
        server.server_close()


@dataclass
class Delivering:
    worker: DeliveryWorker
    reports: list[DeliveryReport]
    overflowed: list[OutboxItem]

    def results(self) -> list[DeliveryResult]:
        return [report.result for report in self.reports]

    def await_reports(self, count: int) -> None:
        until(lambda: len(self.reports) >= count)


@contextmanager
def delivering(
    url: str,
    *,
    schedule: RetrySchedule = QUICK,
    limit: int = 256,
    credentials_dir: str | None = None,
    **settings: Any,
) -> Iterator[Delivering]:
    reports: list[DeliveryReport] = []
    overflowed: list[OutboxItem] = []
    worker = DeliveryWorker(
        WebhookSettings(name="home", url=url, **settings),
        reports.append,
        overflowed.append,
        schedule=schedule,
        limit=limit,
        credentials_dir=credentials_dir,
    )
    try:
        yield Delivering(worker, reports, overflowed)
    finally:
        worker.close()


def until(condition: Callable[[], Any], timeout_s: float = 8.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.005)


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, Any]:
    paths = {}
    for name, value in (("secret_file", SECRET), ("previous_secret_file", PREVIOUS)):
        path = tmp_path / name
        path.write_text("whsec_" + base64.b64encode(value).decode())
        path.chmod(0o600)
        paths[name] = str(path)
    return paths


def test_alert_arrives_signed_with_both_secrets(secrets: dict[str, Any]) -> None:
    with receiving(answer(200)) as receiver, delivering(receiver.url, **secrets) as delivery:
        assert delivery.worker.submit(item())
        until(lambda: delivery.reports)
        [one] = receiver.received
        assert one.body == REAL
        assert one.headers["content-type"] == "application/json"
        assert one.headers["user-agent"].startswith("ecgd/")
        assert verified(SECRET, one.headers, one.body, time.time())
        assert verified(PREVIOUS, one.headers, one.body, time.time())
        [report] = delivery.reports
        assert report.result is DeliveryResult.DELIVERED
        assert report.item.attempts == 1
        assert report.retry_after_s is None
        health = delivery.worker.health()
        assert (health.healthy, health.delivered, health.pending) == (True, 1, 0)
        assert health.last_success_age_s is not None
        assert health.last_success_age_s < 5.0


def test_connection_is_kept_between_alerts() -> None:
    with receiving(answer(200)) as receiver, delivering(receiver.url) as delivery:
        for n in range(5):
            delivery.worker.submit(item(f"msg_{n}"))
            delivery.await_reports(n + 1)
        assert len({one.client for one in receiver.received}) == 1


def test_failure_is_retried_in_seconds_with_the_same_id_and_a_fresh_timestamp(
    secrets: dict[str, Any],
) -> None:
    behaviours = (answer(500), answer(503), answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url, **secrets) as delivery:
        delivery.worker.submit(item())
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        assert delivery.results() == [DeliveryResult.RETRY] * 2 + [DeliveryResult.DELIVERED]
        assert receiver.ids() == ["msg_1"] * 3
        assert all(verified(SECRET, r.headers, r.body, time.time()) for r in receiver.received)
        first, second, last = delivery.reports
        assert [report.item.attempts for report in delivery.reports] == [1, 2, 3]
        assert "HTTP 500" in first.detail
        assert second.retry_after_s == pytest.approx(0.1, rel=0.2)
        assert second.item.not_before_unix_s == pytest.approx(
            second.attempted_unix_s + 0.1, abs=0.5
        )
        assert delivery.worker.health().healthy, "the last attempt succeeded"
        assert last.item.message_id == "msg_1"


def test_retry_after_is_honoured() -> None:
    behaviours = (answer(429, Retry_After="1"), answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item())
        until(lambda: len(receiver.received) == 2)
        assert receiver.received[1].at_s - receiver.received[0].at_s >= 0.95
        assert delivery.reports[0].retry_after_s == 1.0


def test_throttled_target_still_gets_a_new_high_alarm_at_once_but_no_light_one() -> None:
    behaviours = (answer(429, Retry_After="30"), answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item("msg_low", Severity.LOW))
        until(lambda: delivery.reports)
        assert delivery.reports[0].retry_after_s == 30.0
        delivery.worker.submit(item("msg_medium", Severity.MEDIUM))
        delivery.worker.submit(item("msg_high", Severity.HIGH))
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        until(lambda: len(receiver.ids()) >= 3)
        assert receiver.ids()[:2] == ["msg_low", "msg_high"]


def test_410_ends_the_deliveries_to_this_target() -> None:
    with receiving(answer(410)) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item("msg_1"))
        until(lambda: delivery.reports)
        delivery.worker.submit(item("msg_2"))
        until(lambda: len(delivery.reports) == 2)
        assert delivery.results() == [DeliveryResult.GONE] * 2
        assert receiver.ids() == ["msg_1"], "the second was not sent"
        health = delivery.worker.health()
        assert not health.healthy
        assert "410" in health.detail
        assert health.pending == 0


def test_410_also_ends_what_waits_for_a_retry() -> None:
    schedule = RetrySchedule(first_s=(3600.0,))
    behaviours = (answer(500), answer(410))
    with (
        receiving(*behaviours) as receiver,
        delivering(receiver.url, schedule=schedule) as delivery,
    ):
        delivery.worker.submit(item("msg_1"))
        until(lambda: delivery.reports)
        delivery.worker.submit(item("msg_2"))
        until(lambda: len(delivery.reports) == 3)
        assert delivery.results()[1:] == [DeliveryResult.GONE] * 2


def test_redirect_is_not_followed() -> None:
    with receiving(answer(200)) as elsewhere:
        behaviours = (answer(307, Location=elsewhere.url), answer(302, Location=elsewhere.url))
        with receiving(*behaviours) as receiver, delivering(receiver.url) as delivery:
            delivery.worker.submit(item())
            until(lambda: len(delivery.reports) >= 2)
            assert set(delivery.results()) == {DeliveryResult.RETRY}
            assert "redirects are not followed" in delivery.reports[0].detail
        assert elsewhere.received == []


@pytest.mark.parametrize(
    "behaviour",
    [hang, drip(b""), drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), drip(b"HTTP/1.1 ")],
    ids=["hangs", "drips at once", "drips a header", "drips the status"],
)
def test_deadline_holds_and_the_next_attempt_succeeds(
    behaviour: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    with (
        receiving(behaviour, answer(200)) as receiver,
        delivering(receiver.url, timeout_s=1.0) as delivery,
    ):
        delivery.worker.submit(item())
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        first = delivery.reports[0]
        assert first.result is DeliveryResult.RETRY
        assert 0.9 <= first.duration_s < 2.0
        assert "no answer within 1." in first.detail
        until(lambda: not attempts_alive(), 2.0)


def test_deadline_holds_on_a_warm_connection_too() -> None:
    behaviours = (answer(200), drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url, timeout_s=0.6) as delivery:
        delivery.worker.submit(item("msg_1"))
        delivery.await_reports(1)
        delivery.worker.submit(item("msg_2"))
        delivery.await_reports(3)
        assert receiver.ids() == ["msg_1", "msg_2", "msg_2"]
        first, second, third = (one.client for one in receiver.received)
        assert first == second != third
        until(lambda: not attempts_alive(), 2.0)


def attempts_alive() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("ecgd-attempt")]


@pytest.mark.parametrize(
    "behaviour",
    [close_amid_body, endless_body, drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")],
    ids=["closes amid the body", "endless body", "drips the body"],
)
def test_status_decides_whatever_the_body_does(
    behaviour: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    with receiving(behaviour, answer(200)) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item("msg_1"))
        delivery.worker.submit(item("msg_2"))
        until(lambda: len(delivery.reports) == 2, 4.0)
        assert delivery.results() == [DeliveryResult.DELIVERED] * 2
        assert receiver.ids() == ["msg_1", "msg_2"]
        until(lambda: not attempts_alive(), 2.0)


def test_close_before_the_status_is_a_failure() -> None:
    behaviours = (close_before_status, answer(200))
    with receiving(*behaviours) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item())
        until(lambda: len(delivery.reports) == 2)
        assert delivery.results() == [DeliveryResult.RETRY, DeliveryResult.DELIVERED]


def test_refused_connection_is_retried_until_the_receiver_is_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with delivering(url) as delivery:
        delivery.worker.submit(item())
        until(lambda: len(delivery.reports) >= 4)
        assert set(delivery.results()) == {DeliveryResult.RETRY}
        assert delivery.reports[0].detail == "connection refused"
        health = delivery.worker.health()
        assert (health.healthy, health.pending) == (False, 1)
        assert health.failed_attempts >= 4
        assert health.last_success_age_s is None


def test_open_breaker_does_not_delay_a_new_high_alarm() -> None:
    schedule = RetrySchedule(first_s=(0.01, 0.01, 0.01), cap_s=600.0, jitter=0.0)
    down = threading.Event()

    def while_down(handler: BaseHTTPRequestHandler) -> None:
        answer(200 if down.is_set() else 500)(handler)

    with receiving(while_down) as receiver, delivering(receiver.url, schedule=schedule) as delivery:
        for n in range(4):
            delivery.worker.submit(item(f"msg_{n}"))
        until(lambda: len(delivery.reports) >= 16)
        delivery.worker.submit(item("msg_light", Severity.LOW))
        down.set()
        delivery.worker.submit(item("msg_new", Severity.HIGH))
        until(lambda: DeliveryResult.DELIVERED in delivery.results(), 2.0)
        delivered = next(r for r in delivery.reports if r.result is DeliveryResult.DELIVERED)
        assert delivered.item.message_id == "msg_new"
        assert "msg_light" not in receiver.ids()[: len(delivery.reports)]


def test_new_high_alarm_does_not_wait_for_a_dripping_light_one() -> None:
    with (
        receiving(drip(b""), answer(200)) as receiver,
        delivering(receiver.url, timeout_s=30.0) as delivery,
    ):
        delivery.worker.submit(item("msg_low", Severity.LOW))
        until(lambda: receiver.received)
        submitted_s = time.monotonic()
        delivery.worker.submit(item("msg_high"))
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        assert receiver.ids()[1] == "msg_high"
        assert receiver.received[1].at_s - submitted_s < 4.0


def test_hanging_name_resolution_is_given_up_and_its_threads_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release, resolve = threading.Event(), socket.getaddrinfo

    def slow(host: Any, *args: Any, **options: Any) -> Any:
        if host == "hangs.invalid":
            release.wait(30.0)
        return resolve(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    try:
        schedule = RetrySchedule(first_s=(0.05,) * 9)
        url = "http://hangs.invalid/"
        with delivering(url, schedule=schedule, timeout_s=0.1) as delivery:
            delivery.worker.submit(item())
            until(lambda: len(delivery.reports) >= 6)
            assert "no answer within 0.1 s" in delivery.reports[0].detail
            assert "still hang" in delivery.reports[-1].detail
            assert len(attempts_alive()) == 4
            release.set()
            until(lambda: not attempts_alive())
    finally:
        release.set()


@pytest.mark.parametrize("behaviour", [hang, drip(b"HTTP/1.1 200 OK\r\nX: ")])
def test_close_is_prompt_while_an_attempt_is_under_way(
    behaviour: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    with receiving(behaviour) as receiver, delivering(receiver.url, timeout_s=60.0) as delivery:
        delivery.worker.submit(item("msg_1"))
        until(lambda: receiver.received)
        began_s = time.monotonic()
        delivery.worker.close()
        assert time.monotonic() - began_s < 2.0
        assert not [t for t in threading.enumerate() if t.name == "ecgd-deliver-home"]
        assert not delivery.worker.submit(item("msg_2")), "closed"
        assert [r.result for r in delivery.reports] == [DeliveryResult.RETRY]


def test_many_workers_end_together() -> None:
    with receiving(hang) as receiver, ExitStack() as stack:
        all_of_them = [
            stack.enter_context(delivering(receiver.url, timeout_s=60.0)) for _ in range(5)
        ]
        for delivery in all_of_them:
            delivery.worker.submit(item())
        until(lambda: len(receiver.received) == 5)
        began_s = time.monotonic()
        for delivery in all_of_them:
            delivery.worker.stop()
        for delivery in all_of_them:
            delivery.worker.close()
        assert time.monotonic() - began_s < 2.0


def test_one_bad_receiver_does_not_hold_up_another() -> None:
    with (
        receiving(drip(b"")) as bad,
        receiving(answer(200)) as good,
        delivering(bad.url, timeout_s=30.0) as stuck,
        delivering(good.url) as delivery,
    ):
        stuck.worker.submit(item())
        until(lambda: bad.received)
        delivery.worker.submit(item())
        until(lambda: delivery.results() == [DeliveryResult.DELIVERED], 2.0)
        assert stuck.reports == []


def test_simulated_alert_reaches_test_targets_only() -> None:
    with (
        receiving(answer(200)) as receiver,
        delivering(receiver.url) as people,
        delivering(receiver.url, test_target=True) as channel,
    ):
        people.worker.submit(item("msg_people", body=SIMULATED))
        channel.worker.submit(item("msg_channel", body=SIMULATED))
        until(lambda: people.reports and channel.reports)
        assert people.results() == [DeliveryResult.REFUSED]
        assert people.reports[0].item.attempts == 0
        assert channel.results() == [DeliveryResult.DELIVERED]
        assert receiver.ids() == ["msg_channel"]
        assert people.worker.health().healthy, "the target is not at fault"


def test_body_that_is_no_alert_is_refused() -> None:
    with receiving(answer(200)) as receiver, delivering(receiver.url) as delivery:
        delivery.worker.submit(item(body=b"\x00garbage"))
        until(lambda: delivery.reports)
        assert delivery.results() == [DeliveryResult.REFUSED]
        assert receiver.received == []


def test_overflow_is_reported_and_the_gravest_stay() -> None:
    with receiving(hang) as receiver, delivering(receiver.url, limit=3) as delivery:
        delivery.worker.submit(item("msg_under_way"))
        until(lambda: receiver.received)
        for n in range(3):
            assert delivery.worker.submit(item(f"msg_low_{n}", Severity.LOW, created_unix_s=n))
        assert delivery.worker.submit(item("msg_critical"))
        assert not delivery.worker.submit(item("msg_low_3", Severity.LOW, created_unix_s=0.5))
        assert [one.message_id for one in delivery.overflowed] == ["msg_low_0", "msg_low_3"]
        health = delivery.worker.health()
        assert health.pending == 4
        assert "2 found no room" in health.detail


def test_same_message_is_not_queued_twice() -> None:
    with receiving(hang) as receiver, delivering(receiver.url) as delivery:
        for _ in range(3):
            assert delivery.worker.submit(item("msg_1"))
        until(lambda: receiver.received)
        assert delivery.worker.submit(item("msg_1"))
        assert delivery.worker.health().pending == 1


def test_attempts_of_an_earlier_life_count_and_a_wrong_clock_cannot_hold_an_alert() -> None:
    schedule = RetrySchedule(first_s=(0.05,), cap_s=0.2)
    with (
        receiving(answer(200)) as receiver,
        delivering(receiver.url, schedule=schedule) as delivery,
    ):
        delivery.worker.submit(item(attempts=7, not_before_unix_s=time.time() + 1e9))
        until(lambda: delivery.reports)
        assert delivery.reports[0].item.attempts == 8


def test_message_is_given_up_in_the_end() -> None:
    schedule = RetrySchedule(first_s=(0.05,) * 9, give_up_s=0.15)
    with (
        receiving(answer(500)) as receiver,
        delivering(receiver.url, schedule=schedule) as delivery,
    ):
        delivery.worker.submit(item())
        until(lambda: DeliveryResult.REFUSED in delivery.results())
        last = delivery.reports[-1]
        assert last.result is DeliveryResult.REFUSED
        assert "given up" in last.detail
        assert "HTTP 500" in last.detail
        assert delivery.worker.health().pending == 0


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


def test_failing_listener_does_not_end_the_deliveries() -> None:
    def fails(_: Any) -> None:
        raise RuntimeError("boom")

    with receiving(answer(200)) as receiver:
        worker = DeliveryWorker(WebhookSettings(name="home", url=receiver.url), fails, fails)
        worker.submit(item("msg_1"))
        worker.submit(item("msg_2"))
        until(lambda: len(receiver.received) == 2)
        assert worker.health().healthy
        worker.close()


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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ssl.SSLContext]:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed")
    key, cert = (str(tmp_path_factory.mktemp("tls") / name) for name in ("key.pem", "cert.pem"))
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    kind = ["-x509", "-nodes", "-days", "2", "-newkey", "rsa:2048"]
    command = ["openssl", "req", *kind, *subject, "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


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


def test_dripping_answer_over_tls_is_cut_at_the_deadline(
    certificate: tuple[str, ssl.SSLContext],
) -> None:
    cert, context = certificate
    with (
        receiving(drip(b"HTTP/1.1 "), answer(200), tls=context) as receiver,
        delivering(receiver.url, ca_file=cert, timeout_s=0.6) as delivery,
    ):
        delivery.worker.submit(item())
        until(lambda: DeliveryResult.DELIVERED in delivery.results())
        assert delivery.reports[0].duration_s < 2.0
        until(lambda: not attempts_alive(), 2.0)


def test_handshake_that_never_ends_is_cut_at_the_deadline() -> None:
    stop = threading.Event()

    def drip_handshake(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"\x16\x03\x03\x40\x00")
            while not stop.wait(0.05):
                connection.sendall(b"\x02")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip_handshake, args=(listening,), daemon=True).start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        with delivering(url, timeout_s=0.6) as delivery:
            delivery.worker.submit(item())
            until(lambda: delivery.reports)
            assert delivery.reports[0].duration_s < 2.0
            until(lambda: not attempts_alive(), 2.0)
    stop.set()
