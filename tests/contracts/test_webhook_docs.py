"""docs/webhook.md says what is sent: no more and no less."""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ecgd.alerts import delivery, retry, webhook
from ecgd.alerts.payload import VERSION, alert_body, with_position
from ecgd.alerts.profiles.profile import Post, Request
from ecgd.alerts.profiles.standard import STANDARD
from ecgd.alerts.signature import signature_headers
from ecgd.config.settings import WebhookSettings
from ecgd.model.alarm import Alert
from ecgd.model.finding import EventType, Severity
from ecgd.model.position import Position

TEXT = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text(encoding="utf-8")
ALERT = Alert(
    alert_id="a1",
    patient_id="p1",
    patient_name="Somebody",
    event_type=EventType.ASYSTOLE,
    severity=Severity.CRITICAL,
    occurred_unix_s=1.0,
    occurred_mono_s=1.0,
    boot_id="b",
    clock_synchronised=True,
    simulated=True,
    description="",
    recommended_action="",
)
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array of strings": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of all table rows of a section that begin with a name in backquotes."""
    section = TEXT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split(" | ")] for line in lines]


def documented() -> dict[str, str]:
    return {name.strip("| `"): kind for name, kind, *_ in rows("Body")}


def body(*, include_name: bool) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(alert_body(ALERT, include_name=include_name))
    return sent


def whole_body() -> dict[str, Any]:
    """Return what a channel of whoever is sent out gets."""
    told = alert_body(ALERT, include_name=True, include_location=True)
    position = Position(52.52, 13.405, accuracy_m=9.0)
    sent: dict[str, Any] = json.loads(with_position(told, position, "https://map/"))
    return sent


def test_every_part_of_a_position_is_documented() -> None:
    [text] = [text for name, _, text in rows("Body") if name.strip("| `") == "position"]
    for part in whole_body()["data"]["position"]:
        assert f"`{part}`" in text


def test_every_field_is_documented_and_every_documented_field_is_sent() -> None:
    sent = whole_body()
    assert set(documented()) == set(sent) | set(sent["data"])


def test_every_field_has_the_documented_type() -> None:
    sent = whole_body()
    for name, value in (sent | sent["data"]).items():
        words = documented()[name].split(" or ")
        kinds = tuple(kind for word in words for kind in JSON_TYPES[word])
        assert isinstance(value, kinds), (name, value)


def test_version_and_optional_fields_are_those_of_the_text() -> None:
    assert f"version of this body: {VERSION}." in TEXT
    optional = set(body(include_name=True)["data"]) - set(body(include_name=False)["data"])
    marked = {name.strip("| `") for name, _, text in rows("Body") if "include_name = true" in text}
    assert optional == marked


def test_headers_are_those_of_the_text() -> None:
    settings = WebhookSettings(name="t", url="http://localhost/")
    request = STANDARD.compose(Post(settings, "m", b"", 1, signing=(b"x",)))
    assert isinstance(request, Request)
    sent = {"user-agent", *request.headers}
    assert {row[0].strip("| `") for row in rows("Request")} == sent


def test_schedule_and_limits_are_those_of_the_text() -> None:
    schedule, breaker = retry.RetrySchedule(), retry.CircuitBreaker()
    text = " ".join(TEXT.split())
    quick = ", ".join(f"{delay_s:.0f}" for delay_s in schedule.first_s)
    slow = [schedule.delay_s(n, 0.5, None) / 60.0 for n in range(7, 12)]
    assert f"after {quick} s, then {', '.join(f'{m:.0f}' for m in slow)}, … min" in text
    assert f"± {100 * schedule.jitter:.0f} %" in text
    assert f"After {schedule.give_up_s / 3600:.0f} h without success" in text
    assert schedule.retry_after_cap_s == 3600.0
    assert f"held for {breaker.first_hold_s:.0f} s, doubling to" in text
    assert breaker.longest_hold_s == 5 * 60
    assert breaker.failures_allowed == 3
    assert f"At most {delivery.LIMIT} messages" in text
    assert f"more than {delivery.PATIENCE_S:.0f} s" in text
    assert f"at most {webhook.ANSWER_LIMIT_BYTES // 1024} KiB are read, for half a second" in text
    assert webhook.DRAIN_S == 0.5
    timeout_s = next(f for f in fields(WebhookSettings) if f.name == "timeout_s").default
    assert f"`timeout_s` ({timeout_s:.0f} s)" in text


@pytest.mark.parametrize("changed", [False, True])
def test_example_verifies_what_is_sent(changed: bool) -> None:
    match = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert match is not None
    names: dict[str, Any] = {}
    exec(compile(match[1], "docs/webhook.md", "exec"), names)
    secret = bytes(range(32))
    sent = alert_body(ALERT)
    headers = signature_headers([bytes(24), secret], "msg_1", int(time.time()), sent)
    text = "whsec_" + base64.b64encode(secret).decode()
    received = sent.replace(b"true", b"false") if changed else sent
    assert names["is_genuine"](text, headers, received) is not changed
