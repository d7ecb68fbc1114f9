"""A canary over the real worker, to services that say what their documentation says."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import canary_schemas as schemas
import phone_schemas as keys_of
import pytest
from phone_services import Got, Reaction, Service, serving

from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.payload import CANARY_TYPE, alert_body, canary_body
from ecgd.alerts.profiles.registry import PROFILES
from ecgd.alerts.retry import RetrySchedule
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem, Purpose
from ecgd.model.finding import EventType, Severity

QUICK = RetrySchedule(first_s=(0.05, 0.1), cap_s=0.2)
NUMBERS = {"recipient": "+4917012345678", "sender": "+15017122661"}
TWILIO = f"account={keys_of.TWILIO_ACCOUNT}\ntoken="


@dataclass(frozen=True)
class Case:
    """A service, keys that it knows, keys that it does not, and whether it reads words."""

    profile: str
    answer: Callable[[Service, Got], Reaction]
    good: str
    bad: str
    settings: dict[str, Any] = field(default_factory=dict)
    reads_words: bool = True


NTFY = f"topic={keys_of.NTFY_TOPIC}\n"
CASES = (
    Case("ntfy", schemas.ntfy, f"{NTFY}token={keys_of.NTFY_TOKEN}", f"{NTFY}token=tk_wrong"),
    Case(
        "ntfy",
        schemas.ntfy,
        f"{NTFY}token={keys_of.NTFY_TOKEN}\ncanary={schemas.NTFY_CANARY}",
        f"{NTFY}token={keys_of.NTFY_TOKEN}\ncanary=somebody_elses_topic",
    ),
    Case("ntfy", schemas.ntfy, NTFY, "topic=11aa22bb33cc44dd55ee66ff77aa88bb"),
    Case("gotify", schemas.gotify, keys_of.GOTIFY_TOKEN, "AwrongToken"),
    Case(
        "pushover",
        schemas.pushover,
        f"token={keys_of.PUSHOVER_TOKEN}\nuser={keys_of.PUSHOVER_USER}",
        f"token={keys_of.PUSHOVER_TOKEN}\nuser=nobody",
    ),
    Case(
        "telegram",
        schemas.telegram,
        f"{keys_of.TELEGRAM_TOKEN}\nchat=4711",
        f"{keys_of.TELEGRAM_TOKEN}\nchat=1",
    ),
    Case(
        "telegram",
        schemas.telegram,
        f"{keys_of.TELEGRAM_TOKEN}\nchat=-100123",
        f"{keys_of.TELEGRAM_TOKEN}\nchat=@nowhere",
    ),
    Case("home-assistant", schemas.home_assistant, keys_of.HOME_ID, "", {}, reads_words=False),
    Case(
        "twilio-sms", schemas.twilio, TWILIO + keys_of.TWILIO_TOKEN, f"{TWILIO}0000", dict(NUMBERS)
    ),
    Case(
        "twilio-call", schemas.twilio, TWILIO + keys_of.TWILIO_TOKEN, f"{TWILIO}0000", dict(NUMBERS)
    ),
)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.profile)


def canary(number: int = 1) -> OutboxItem:
    body = canary_body(f"canary_{number}", 1.7e9)
    item = OutboxItem(f"msg_{number}", f"canary_{number}", "phone", Severity.LOW, body, 1.7e9)
    return replace(item, purpose=Purpose.CANARY)


def alarm(severity: Severity = Severity.CRITICAL) -> OutboxItem:
    alert = Alert(
        alert_id=f"{severity.name}",
        patient_id="p1",
        patient_name="",
        event_type=EventType.ASYSTOLE,
        severity=severity,
        occurred_unix_s=time.time(),
        occurred_mono_s=5.0,
        boot_id="b",
        clock_synchronised=True,
        simulated=False,
        description="No heart beat seen.",
        recommended_action="Go to the patient now.",
    )
    name = f"msg_{severity.name}"
    return OutboxItem(name, alert.alert_id, "phone", severity, alert_body(alert), time.time())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    where = tmp_path_factory.mktemp("tls")
    cert, key = where / "cert.pem", where / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        [*command, "-keyout", key, "-out", cert], check=True, capture_output=True, timeout=60
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


@contextmanager
def working(
    case: Case, service: Service, keys: str, tmp_path: Path, **settings: Any
) -> Iterator[tuple[DeliveryWorker, list[DeliveryReport]]]:
    file = tmp_path / "keys"
    file.write_text(keys)
    file.chmod(0o600)
    reports: list[DeliveryReport] = []
    target = WebhookSettings(
        name="phone",
        profile=case.profile,
        url=service.url,
        secret_file=str(file) if keys else "",
        **{"timeout_s": 5.0, **case.settings, **settings},
    )
    worker = DeliveryWorker(target, reports.append, lambda item: None, schedule=QUICK)
    try:
        yield worker, reports
    finally:
        worker.close()


def wait_for(holds: Callable[[], object], patience_s: float = 10.0) -> None:
    deadline_s = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def one_report(
    case: Case,
    keys: str,
    tmp_path: Path,
    authority: tuple[Path, ssl.SSLContext],
    answer: Callable[[Service, Got], Reaction] | None = None,
) -> tuple[DeliveryReport, Service, DeliveryWorker]:
    """Return what came of one canary, over TLS as hosted services want it."""
    cert, context = authority
    with (
        serving(answer or case.answer, context) as service,
        working(case, service, keys, tmp_path, ca_file=str(cert)) as (worker, reports),
    ):
        assert worker.submit(canary())
        wait_for(lambda: reports)
        if reports[0].result is DeliveryResult.RETRY:
            time.sleep(0.1)
        assert len(reports) == 1, "a canary is tried once"
        return reports[0], service, worker


@every_case
def test_known_keys_are_proven_and_nobody_is_woken(
    case: Case, tmp_path: Path, authority: tuple[Path, ssl.SSLContext]
) -> None:
    report, service, worker = one_report(case, case.good, tmp_path, authority)
    assert report.result is DeliveryResult.DELIVERED, report.detail
    assert service.faults == []
    assert case.profile == "ntfy" or service.taken == []
    health = worker.health()
    assert (health.delivered, health.failed_attempts) == (0, 0), "no alert was delivered"


@pytest.mark.parametrize("case", [c for c in CASES if c.bad], ids=lambda case: case.profile)
def test_unknown_keys_prove_nothing_and_make_no_trouble_of_the_target(
    case: Case, tmp_path: Path, authority: tuple[Path, ssl.SSLContext]
) -> None:
    report, _, worker = one_report(case, case.bad, tmp_path, authority)
    assert report.result is not DeliveryResult.DELIVERED
    assert worker.health().failed_attempts == 0


@pytest.mark.parametrize("case", [c for c in CASES if c.reads_words], ids=lambda case: case.profile)
def test_a_stranger_who_says_200_proves_nothing(
    case: Case, tmp_path: Path, authority: tuple[Path, ssl.SSLContext]
) -> None:
    report, _, _ = one_report(case, case.good, tmp_path, authority, schemas.portal)
    assert report.result is not DeliveryResult.DELIVERED


def test_half_an_answer_proves_nothing(
    tmp_path: Path, authority: tuple[Path, ssl.SSLContext]
) -> None:
    """The status alone would say that an alert has arrived; a canary has time to wait."""
    cert, context = authority
    case = next(case for case in CASES if case.profile == "pushover")
    with (
        serving(case.answer, context) as service,
        working(case, service, case.good, tmp_path, ca_file=str(cert), timeout_s=1.0) as running,
    ):
        service.drips = True
        worker, reports = running
        worker.submit(canary())
        wait_for(lambda: reports)
        assert reports[0].result is DeliveryResult.RETRY


def test_services_that_offer_nothing_say_so(
    tmp_path: Path, authority: tuple[Path, ssl.SSLContext]
) -> None:
    without = {name for name, profile in PROFILES.items() if profile.canary is None}
    assert without == {"slack", "json", "apprise"}
    tried = {case.profile for case in CASES} | {"standard"}
    assert tried | without == set(PROFILES), "every canary is tested"


STANDARD = Case("standard", schemas.portal, "", "")


def test_a_standard_target_gets_a_message_of_its_own_type(tmp_path: Path) -> None:
    with (
        serving(schemas.portal) as service,
        working(STANDARD, service, "", tmp_path) as (worker, reports),
    ):
        worker.submit(canary())
        wait_for(lambda: reports)
        assert reports[0].result is DeliveryResult.DELIVERED
        assert service.got[0].json()["type"] == CANARY_TYPE
        assert service.got[0].headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize("severity", list(Severity))
def test_an_alarm_cuts_a_canary_short(tmp_path: Path, severity: Severity) -> None:
    hanging = threading.Event()

    def answer(service: Service, got: Got) -> Reaction:
        if got.json()["type"] == CANARY_TYPE:
            hanging.set()
            service.stopped.wait(4.0)
        return 200, {}, b""

    with (
        serving(answer) as service,
        working(STANDARD, service, "", tmp_path) as (worker, reports),
    ):
        worker.submit(canary())
        assert hanging.wait(5.0)
        began_s = time.monotonic()
        worker.submit(alarm(severity))
        wait_for(lambda: len(reports) == 2)
        assert time.monotonic() - began_s < 2.0, "the alarm has waited for the canary"
        by_purpose = {report.item.purpose: report.result for report in reports}
        assert by_purpose[Purpose.ALARM] is DeliveryResult.DELIVERED
        assert by_purpose[Purpose.CANARY] is not DeliveryResult.DELIVERED
        assert worker.health().healthy


def test_a_test_goes_behind_every_alarm_and_makes_no_lasting_trouble(tmp_path: Path) -> None:
    order: list[str] = []

    def answer(service: Service, got: Got) -> Reaction:
        order.append(got.headers["webhook-id"])
        return (503 if len(order) == 1 else 200), {}, b""

    test = replace(alarm(Severity.LOW), message_id="msg_test", purpose=Purpose.TEST)
    with (
        serving(answer) as service,
        working(STANDARD, service, "", tmp_path) as (worker, reports),
    ):
        worker.submit(test)
        wait_for(lambda: reports)
        assert worker.health().healthy, "a test that failed is no trouble of the target"
        wait_for(lambda: len(reports) == 2)
    assert [report.result.value for report in reports] == ["retry", "delivered"]
    assert set(order) == {"msg_test"}
