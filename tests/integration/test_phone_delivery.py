"""Alerts to services that reach phones: the real worker against their documented schemas."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import phone_schemas as schemas
import pytest
import requests
from phone_services import Reaction, Service, serving, told, words

from ecgd.alerts import delivery
from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.payload import alert_body
from ecgd.alerts.profiles import registry
from ecgd.alerts.profiles.acknowledge import read_acknowledgement
from ecgd.alerts.retry import RetrySchedule
from ecgd.config.settings import WebhookSettings
from ecgd.decision.advice import description, recommended_action
from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import NOT_VISIBLE, EventType, Severity

QUICK = RetrySchedule(first_s=(0.05, 0.1, 0.2), cap_s=0.3)
HARD_TEXT = 'II <b>+0.21</b> & "III" *bold* _it_ `x` [l](http://e) {name} \\ |\nsecond\x07 line'
ALERT = Alert(
    alert_id="0123456789abcdef01234567",
    patient_id="p1",
    patient_name="Anna Müller",
    event_type=EventType.STEMI_DETECTED,
    severity=Severity.CRITICAL,
    occurred_unix_s=time.time(),
    occurred_mono_s=5.0,
    boot_id="b",
    clock_synchronised=True,
    simulated=False,
    description=description(EventType.STEMI_DETECTED, (HARD_TEXT,)),
    recommended_action=recommended_action(Severity.CRITICAL, EventType.STEMI_DETECTED, "112"),
    evidence=(HARD_TEXT,),
    not_visible=NOT_VISIBLE,
    quality=(("I", 0.62), ("II", 0.98)),
    heart_rate_bpm=71.0,
    location="Main Street 1",
)
NUMBERS = {"recipient": "+4917012345678", "sender": "+15017122661"}


@dataclass(frozen=True)
class Case:
    """A profile, the service behind it, and how a user would set it up."""

    profile: str
    answer: Callable[[Service, Any], Reaction]
    keys: str
    receipt: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case(
        "ntfy",
        schemas.ntfy,
        f"topic={schemas.NTFY_TOPIC}\ntoken={schemas.NTFY_TOKEN}\nreply={schemas.NTFY_REPLY}",
        "xE73Iyuabi",
        {"acknowledge": True, "page_url": "http://gateway.lan/alerts/{alert_id}"},
    ),
    Case("gotify", schemas.gotify, schemas.GOTIFY_TOKEN, "25", {"page_url": "http://gw.lan/"}),
    Case(
        "pushover",
        schemas.pushover,
        f"token={schemas.PUSHOVER_TOKEN}\nuser={schemas.PUSHOVER_USER}\n",
        "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy",
        {"page_url": "http://gateway.lan/alerts/{alert_id}"},
    ),
    Case("slack", schemas.slack, "", "", {"page_url": "https://gateway.example/{alert_id}"}),
    Case(
        "telegram",
        schemas.telegram,
        f"# of @BotFather\n{schemas.TELEGRAM_TOKEN}\n",
        "42",
        {"recipient": "4711", "acknowledge": True, "page_url": "http://gateway.lan/"},
    ),
    Case("home-assistant", schemas.home_assistant, schemas.HOME_ID),
    Case(
        "twilio-sms",
        schemas.twilio,
        f"account={schemas.TWILIO_ACCOUNT}\ntoken={schemas.TWILIO_TOKEN}",
        "SM" + "fedcba9876543210" * 2,
        NUMBERS,
    ),
    Case(
        "twilio-call",
        schemas.twilio,
        f"account={schemas.TWILIO_ACCOUNT}\ntoken={schemas.TWILIO_TOKEN}",
        "CA" + "fedcba9876543210" * 2,
        NUMBERS,
    ),
)
BY_PROFILE = {case.profile: case for case in CASES}
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.profile)


@dataclass
class Delivering:
    worker: DeliveryWorker
    service: Service
    secret_file: Path
    reports: list[DeliveryReport]

    def send(self, alert: Alert = ALERT, *, include_name: bool = False) -> DeliveryReport:
        """Deliver an alert; return the first report on it."""
        count = len(self.reports)
        body = alert_body(alert, include_name=include_name, include_location=include_name)
        name = f"msg_{count}"
        item = OutboxItem(name, alert.alert_id, "phone", alert.severity, body, float(count))
        assert self.worker.submit(item)
        self.await_reports(count + 1)
        return self.reports[count]

    def await_reports(self, count: int) -> None:
        deadline_s = time.monotonic() + 10.0
        while len(self.reports) < count:
            assert time.monotonic() < deadline_s, "it never came"
            time.sleep(0.005)

    def text(self) -> str:
        """Return the newest message as a person gets it, in one piece."""
        taken = self.service.taken[-1]
        names = ("title", "message", "seen", "Body", "Twiml")
        blocks = [block["text"]["text"] for block in taken.get("blocks", []) if "text" in block]
        return "\n".join([str(taken[name]) for name in names if name in taken] + blocks)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    call = replace(registry.PROFILES["twilio-call"], pause_s=0.0)
    monkeypatch.setattr(registry, "PROFILES", {**registry.PROFILES, "twilio-call": call})


@contextmanager
def delivering(
    case: Case, tmp_path: Path, tls: ssl.SSLContext | None = None, **settings: Any
) -> Iterator[Delivering]:
    secret_file = tmp_path / "keys"
    with serving(case.answer, tls) as service:
        slack_url = f"{service.url}{schemas.SLACK_PATH}"
        secret_file.write_text(slack_url if case.profile == "slack" else case.keys)
        secret_file.chmod(0o600)
        reports: list[DeliveryReport] = []
        target = WebhookSettings(
            name="phone",
            profile=case.profile,
            url="" if case.profile == "slack" else service.url,
            secret_file=str(secret_file),
            **{**case.settings, **settings},
        )
        worker = DeliveryWorker(
            target, reports.append, lambda _: None, schedule=QUICK, emergency_number="112"
        )
        try:
            yield Delivering(worker, service, secret_file, reports)
        finally:
            worker.close()


@every_case
def test_alert_is_taken_as_documented_and_its_receipt_is_kept(
    case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with delivering(case, tmp_path) as phone:
        assert phone.worker.health().healthy
        report = phone.send()
        assert phone.service.faults == []
        assert report.result is DeliveryResult.DELIVERED, report.detail
        assert report.receipt == case.receipt
        text = phone.text()
        assert "CRITICAL: ST-elevation infarction pattern" in text
        assert "this may be a heart attack" in text
        assert not [word for word in ("Anna", "Müller", "Main Street", "TEST") if word in text]
        assert phone.service.got[-1].headers["user-agent"].startswith("ecgd/")
        assert phone.send(replace(ALERT, severity=Severity.LOW)).result is DeliveryResult.DELIVERED
        assert phone.service.faults == []
        assert len(phone.service.taken) == 2
    told_of = caplog.text + "".join(f"{one!r}" for one in phone.reports)
    for secret in phone.secret_file.read_text().replace("=", "\n").splitlines():
        assert len(secret) < 8 or secret not in told_of


@every_case
def test_name_place_and_language_when_they_are_wanted(case: Case, tmp_path: Path) -> None:
    with delivering(case, tmp_path, language="de", include_name=True) as phone:
        report = phone.send(include_name=True)
        assert report.result is DeliveryResult.DELIVERED, (report.detail, phone.service.faults)
        text = phone.text()
        assert "KRITISCH: Muster eines Herzinfarkts mit ST-Hebung" in text
        assert "rufen: Es kann ein Herzinfarkt sein" in text
        assert "Anna Müller" in text
        assert "Main Street 1" in text


@every_case
def test_alert_of_any_length_fits(case: Case, tmp_path: Path) -> None:
    long = "Ω&<é " * 3000
    alert = replace(ALERT, patient_name=long, description=long, recommended_action=long)
    with delivering(case, tmp_path, include_name=True) as phone:
        report = phone.send(alert, include_name=True)
        assert report.result is DeliveryResult.DELIVERED, (report.detail, phone.service.faults)
        assert phone.service.faults == []


@every_case
def test_simulated_alert_says_so_and_reaches_test_targets_only(case: Case, tmp_path: Path) -> None:
    simulated = replace(ALERT, simulated=True)
    with delivering(case, tmp_path) as phone:
        assert phone.send(simulated).result is DeliveryResult.REFUSED
        assert phone.service.got == []
    with delivering(case, tmp_path, test_target=True) as phone:
        assert phone.send(simulated).result is DeliveryResult.DELIVERED
        assert "TEST, no real alarm" in phone.text()
        assert "Nobody is ill" in phone.text()


@every_case
def test_trouble_of_the_service_is_tried_again(case: Case, tmp_path: Path) -> None:
    with delivering(case, tmp_path) as phone:
        by_a_proxy = words("<h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS", 400)
        phone.service.reactions = [words("<h1>Bad gateway</h1>", 502), words("", 500), by_a_proxy]
        assert phone.send().result is DeliveryResult.RETRY
        phone.await_reports(4)
        assert [each.result for each in phone.reports[1:3]] == [DeliveryResult.RETRY] * 2
        assert phone.reports[3].result is DeliveryResult.DELIVERED
        assert phone.worker.health().healthy


@every_case
def test_missing_keys_are_told_and_mended_without_restart(case: Case, tmp_path: Path) -> None:
    with delivering(case, tmp_path) as phone:
        keys = phone.secret_file.read_text()
        phone.secret_file.unlink()
        report = phone.send()
        assert report.result is DeliveryResult.RETRY
        assert "cannot be read" in report.detail
        phone.secret_file.write_text("nonsense=1\n")
        phone.secret_file.chmod(0o644)
        phone.await_reports(2)
        phone.secret_file.write_text(keys)
        phone.secret_file.chmod(0o600)
        deadline_s = time.monotonic() + 10.0
        while phone.reports[-1].result is not DeliveryResult.DELIVERED:
            assert time.monotonic() < deadline_s
            time.sleep(0.005)


TELEGRAM_429 = {"ok": False, "error_code": 429, "parameters": {"retry_after": 5}}
TELEGRAM_MOVED = {"ok": False, "error_code": 400, "parameters": {"migrate_to_chat_id": -100123}}
LIMITED = {"ok": False, "error": "rate_limited", "retry_after": 4}


class Refusal(NamedTuple):
    """What a service answers, and what that must mean."""

    profile: str
    reaction: Reaction
    result: DeliveryResult
    says: str
    wait_s: float | None = None


ERRORS = (
    Refusal(
        "ntfy", told({"code": 42901}, 429, **{"Retry-After": "3"}), DeliveryResult.RETRY, "429", 3.0
    ),
    Refusal("ntfy", told({"code": 40009}, 400), DeliveryResult.REFUSED, "ntfy's code 40009"),
    Refusal("ntfy", told({"code": 40301}, 403), DeliveryResult.RETRY, "check its address"),
    Refusal("gotify", told({"error": "Unauthorized"}, 401), DeliveryResult.RETRY, "secret"),
    Refusal("gotify", told({"errorCode": 400}, 400), DeliveryResult.REFUSED, "Gotify"),
    Refusal("gotify", words("<html>captive portal</html>"), DeliveryResult.RETRY, "not Gotify"),
    Refusal("pushover", told({"status": 0, "errors": []}, 400), DeliveryResult.REFUSED, "Pushover"),
    Refusal(
        "pushover", told({"status": 0, "token": "invalid"}, 400), DeliveryResult.RETRY, "token"
    ),
    Refusal("pushover", told({"status": 0}), DeliveryResult.RETRY, "did not say"),
    Refusal("slack", words("invalid_payload", 400), DeliveryResult.REFUSED, "Slack"),
    Refusal("slack", words("no_service", 404), DeliveryResult.RETRY, "make a new one"),
    Refusal("slack", words("channel_is_archived", 410), DeliveryResult.GONE, "410"),
    Refusal("slack", told(LIMITED, 429), DeliveryResult.RETRY, "too many", 4.0),
    Refusal("telegram", told(TELEGRAM_429, 429), DeliveryResult.RETRY, "too many", 5.0),
    Refusal("telegram", told(TELEGRAM_MOVED, 400), DeliveryResult.RETRY, "-100123"),
    Refusal("telegram", told({"ok": False}, 403), DeliveryResult.RETRY, "blocked"),
    Refusal("telegram", told({"ok": False}, 400), DeliveryResult.REFUSED, "Telegram"),
    Refusal("telegram", told({"ok": False}), DeliveryResult.RETRY, "did not say"),
    Refusal("home-assistant", words("", 404), DeliveryResult.RETRY, "404"),
    Refusal("twilio-sms", told({"code": 21211}, 400), DeliveryResult.REFUSED, "code 21211"),
    Refusal("twilio-call", told({"code": 20003}, 401), DeliveryResult.RETRY, "code 20003"),
    Refusal("twilio-call", told({"code": 20429}, 429), DeliveryResult.RETRY, "code 20429"),
)


@pytest.mark.parametrize("case", ERRORS, ids=lambda one: f"{one.profile}: {one.says}")
def test_service_refuses_in_its_own_words(case: Refusal, tmp_path: Path) -> None:
    with delivering(BY_PROFILE[case.profile], tmp_path) as phone:
        phone.service.reactions = [case.reaction]
        report = phone.send()
        assert (report.result, report.receipt) == (case.result, "")
        assert case.says in report.detail
        assert report.retry_after_s == case.wait_s or case.wait_s is None
        assert not phone.worker.health().healthy


def test_number_that_twilio_does_not_know_is_refused_once(tmp_path: Path) -> None:
    with delivering(BY_PROFILE["twilio-call"], tmp_path, recipient="+4917012345000") as phone:
        assert phone.send().result is DeliveryResult.REFUSED
        assert "21211" in phone.reports[0].detail
        assert phone.worker.health().pending == 0


def test_button_on_an_ntfy_phone_sends_the_acknowledgement_to_the_reply_topic(
    tmp_path: Path,
) -> None:
    with delivering(BY_PROFILE["ntfy"], tmp_path) as phone:
        phone.send()
        message = phone.service.taken[0]
        [action] = message["actions"]
        assert schemas.NTFY_TOKEN not in phone.service.got[0].body.decode()
        assert message["click"] == f"http://gateway.lan/alerts/{ALERT.alert_id}"
        body = action["body"].encode()
        pressed = requests.request(action["method"], action["url"], data=body, timeout=5)
        assert pressed.ok
        reply = phone.service.taken[1]["reply"]
        assert read_acknowledgement(reply) == (ALERT.alert_id, "phone")


def test_button_in_telegram_carries_the_acknowledgement(tmp_path: Path) -> None:
    with delivering(BY_PROFILE["telegram"], tmp_path) as phone:
        phone.send()
        [[button], [page]] = phone.service.taken[0]["reply_markup"]["inline_keyboard"]
        assert read_acknowledgement(button["callback_data"]) == (ALERT.alert_id, "phone")
        assert page == {"text": "Open", "url": "http://gateway.lan/"}
        assert HARD_TEXT.partition("\n")[0] in phone.text(), "nothing is lost by escaping"


def test_guessable_public_topic_gets_nothing_until_a_token_guards_it(tmp_path: Path) -> None:
    case = replace(BY_PROFILE["ntfy"], keys="topic=mum", settings={})
    with delivering(case, tmp_path) as phone:
        assert "can be guessed" in phone.worker.health().detail
        assert "openssl rand -hex 16" in phone.send().detail
        assert phone.service.got == []
        phone.secret_file.write_text(f"topic=mum\ntoken={schemas.NTFY_TOKEN}\n")
        deadline_s = time.monotonic() + 10.0
        while not phone.service.taken:
            assert time.monotonic() < deadline_s
            time.sleep(0.005)


def test_words_that_never_come_leave_the_decision_to_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BODY_S", 0.1)
    with delivering(BY_PROFILE["telegram"], tmp_path) as phone:
        phone.service.drips = True
        report = phone.send()
        assert (report.result, report.receipt) == (DeliveryResult.DELIVERED, "")
        assert report.duration_s < 5.0


def test_deadline_holds_for_a_service_that_hangs(tmp_path: Path) -> None:
    def hang(service: Service, _: Any) -> Reaction:
        service.stopped.wait(30.0)
        return words("")

    case = replace(BY_PROFILE["pushover"], answer=hang)
    with delivering(case, tmp_path, timeout_s=0.3) as phone:
        report = phone.send()
        assert report.result is DeliveryResult.RETRY
        assert "no answer" in report.detail


def test_service_behind_tls_with_its_own_authority(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command is not installed")
    key, cert = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    kind = ["-x509", "-nodes", "-days", "2", "-newkey", "rsa:2048"]
    command = ["openssl", "req", *kind, *subject, "-keyout", key, "-out", cert]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with delivering(BY_PROFILE["gotify"], tmp_path, context, ca_file=cert) as phone:
        report = phone.send()
        assert report.result is DeliveryResult.DELIVERED, report.detail
