"""Reports to services that reach phones: the real worker against their documented schemas."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import phone_schemas as schemas
import pytest
import report_schemas
from phone_services import Got, Reaction, Service, serving, told
from store_examples import make_alert

from ecgd.alerts.delivery import DeliveryWorker
from ecgd.alerts.payload import alert_body
from ecgd.alerts.profiles.registry import REPORTING
from ecgd.alerts.report_message import ReportFile, report_item, with_file
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.finding import Severity

ALERT = replace(
    make_alert("3f9a27c04d5e8b61", sample_index=4750),
    simulated=False,
    evidence=("ST elevation: II +0.21 mV <b> & more",),
    clinical_notes=tuple(f"note {number}: record V7–V9" for number in range(60)),
)
PICTURE = ReportFile("ecg-3f9a27c04d5e.png", "image/png", bytes(range(256)) * 400 + b"\r\n--ecgd-")
PAGE = ReportFile("ecg-3f9a27c04d5e.html", "text/html", "<!doctype html>é".encode())


def standard(service: Service, got: Got) -> Reaction:
    service.taken.append(got.json())
    return told({})


@dataclass(frozen=True)
class Case:
    """A profile, the service behind it, and whether it takes files itself."""

    profile: str
    answer: Callable[[Service, Any], Reaction]
    keys: str
    attaches: bool = True
    settings: dict[str, Any] = field(default_factory=dict)


CASES = (
    Case("standard", standard, "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"),
    Case("ntfy", report_schemas.ntfy, f"topic={schemas.NTFY_TOPIC}\ntoken={schemas.NTFY_TOKEN}"),
    Case(
        "pushover",
        report_schemas.pushover,
        f"token={schemas.PUSHOVER_TOKEN}\nuser={schemas.PUSHOVER_USER}\n",
    ),
    Case(
        "telegram", report_schemas.telegram, schemas.TELEGRAM_TOKEN, settings={"recipient": "4711"}
    ),
    Case("slack", schemas.slack, "", attaches=False),
    Case("gotify", schemas.gotify, schemas.GOTIFY_TOKEN, attaches=False),
)
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.profile)


@contextmanager
def sending(
    case: Case, tmp_path: Path, file: ReportFile, **more: Any
) -> Iterator[tuple[Service, Callable[[OutboxItem], DeliveryReport]]]:
    with serving(case.answer) as service:
        keys = tmp_path / "keys"
        is_slack = case.profile == "slack"
        keys.write_text(f"{service.url}{schemas.SLACK_PATH}" if is_slack else case.keys)
        keys.chmod(0o600)
        page = {} if case.profile == "standard" else {"page_url": "http://gw.lan/{alert_id}"}
        target = WebhookSettings(
            name="doctor",
            profile=case.profile,
            url="" if is_slack else service.url,
            secret_file=str(keys),
            **{**page, **case.settings, **more},
        )
        reports: list[DeliveryReport] = []
        worker = DeliveryWorker(
            target,
            reports.append,
            lambda _: None,
            complete=lambda body: with_file(body, file),
        )

        def send(item: OutboxItem) -> DeliveryReport:
            count = len(reports)
            worker.submit(item)
            deadline_s = time.monotonic() + 20.0
            while len(reports) == count:
                assert time.monotonic() < deadline_s, "it never came"
                time.sleep(0.005)
            return reports[count]

        try:
            yield service, send
        finally:
            worker.close()


def message(simulated: bool = False) -> OutboxItem:
    alert = replace(ALERT, simulated=simulated)
    item = OutboxItem("msg", alert.alert_id, "doctor", alert.severity, alert_body(alert), 1.0)
    made = report_item(item)
    assert made is not None
    return made


def test_every_profile_that_reports_is_tried_here() -> None:
    assert {case.profile for case in CASES} == set(REPORTING)


@every_case
def test_report_is_taken_as_documented(case: Case, tmp_path: Path) -> None:
    with sending(case, tmp_path, PICTURE) as (service, send):
        report = send(message())
        assert report.result is DeliveryResult.DELIVERED, (report.detail, service.faults)
        assert service.faults == []
        [taken] = service.taken
        said = json.dumps({key: each for key, each in taken.items() if key != "file"})
        assert "0.21" in said
        assert "Ann Example" not in said
        if case.profile == "standard":
            assert taken["type"] == "ecgd.alert.report"
            assert taken["data"]["report"]["bytes"] == len(PICTURE.content)
        elif case.attaches:
            assert taken["file"] == (PICTURE.content_type, PICTURE.content)
            assert taken["silent"], "what sounds is the alert"
        else:
            assert "record V7" in said
        assert case.profile == "standard" or "ECG report: CRITICAL" in said


@every_case
def test_simulated_report_reaches_test_targets_only(case: Case, tmp_path: Path) -> None:
    with sending(case, tmp_path, PICTURE) as (service, send):
        assert send(message(simulated=True)).result is DeliveryResult.REFUSED
        assert service.got == []


def test_a_page_goes_where_any_file_may_and_words_where_pictures_may(tmp_path: Path) -> None:
    for case in CASES[1:4]:
        with sending(case, tmp_path, PAGE, language="de") as (service, send):
            assert send(message()).result is DeliveryResult.DELIVERED, service.faults
            [taken] = service.taken
            expected = None if case.profile == "pushover" else (PAGE.content_type, PAGE.content)
            assert taken["file"] == expected
            title = taken.get("title") or taken["seen"]
            assert title.startswith("EKG-Bericht: KRITISCH")


def test_an_alert_still_goes_as_before(tmp_path: Path) -> None:
    with sending(CASES[1], tmp_path, PICTURE) as (service, send):
        body = alert_body(ALERT)
        item = OutboxItem("msg", ALERT.alert_id, "doctor", Severity.CRITICAL, body, 1.0)
        assert send(item).result is DeliveryResult.DELIVERED
        assert service.taken[0]["priority"] == 5
        assert service.got[0].method == "POST"
