"""Alerts that leave the house: what they carry, and whom they may reach."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sample_daemon import sample_assessment

from ecgd.config.settings import AlarmSettings, WebhookSettings
from ecgd.model.alarm import Alarm, AlarmState, Alert
from ecgd.model.assessment import Assessment
from ecgd.model.finding import Domain, EnsembleScore, EventType, Severity
from ecgd.service.occurrence import Circumstances, Moment, address_alert, compose_alert

ALARM = Alarm(
    EventType.STEMI_DETECTED,
    Domain.HEART,
    AlarmState.ACTIVE,
    Severity.CRITICAL,
    since_s=1.0,
    evidence_s=2.0,
    alert_id="alert-1",
    evidence=("ST elevation: II +0.20 mV",),
)
CIRCUMSTANCES = Circumstances("boot", False, "no model installed: rules only", "", "cfg")


def alert(
    alarm: Alarm = ALARM, *, simulated: bool = False, assessment: Assessment | None = None
) -> Alert:
    return compose_alert(
        alarm,
        patient_id="anna",
        patient_name="Anna Example",
        assessment=assessment,
        moment=Moment(1000.0, 5.0, clock_synchronised=True),
        circumstances=replace(CIRCUMSTANCES, simulated=simulated),
        settings=AlarmSettings(location="2nd floor", emergency_number="911"),
    )


def target(name: str, **more: object) -> WebhookSettings:
    return replace(WebhookSettings(name=name, url="http://127.0.0.1/"), **more)  # type: ignore[arg-type]


def test_an_alert_says_what_to_do_and_that_no_network_scored_it() -> None:
    made = alert()
    assert "911" in made.recommended_action
    assert made.scores == ()
    assert any("no model installed" in note for note in made.clinical_notes)
    assert made.not_visible
    assert made.location == "2nd floor"


def test_an_alert_carries_the_second_opinion_and_how_old_it_is() -> None:
    scores = EnsembleScore((("cnn", 0.9), ("lstm", 0.7)), 0.8, 1.0, 1, ("rnn",), 0.2, 0.48)
    made = alert(assessment=replace(sample_assessment(), scores=scores, scores_age_s=1.0))
    figures = {
        "cnn": 0.9,
        "lstm": 0.7,
        "fused": 0.8,
        "boosted": 1.0,
        "consensus": 1.0,
        "disagreement": 0.2,
        "confidence": 0.48,
        "age_s": 1.0,
    }
    assert dict(made.scores) == figures
    (item,) = address_alert(made, (target("bench"),))
    assert json.loads(item.body)["data"]["scores"] == figures


@pytest.mark.parametrize("simulated", [False, True])
def test_a_simulated_alert_reaches_test_targets_only(simulated: bool) -> None:
    targets = (target("phone"), target("bench", test_target=True))
    reached = [item.target for item in address_alert(alert(simulated=simulated), targets)]
    assert reached == (["bench"] if simulated else ["phone", "bench"])


def test_severity_decides_who_is_told() -> None:
    low = alert(replace(ALARM, severity=Severity.LOW))
    targets = (target("doctor"), target("family", least_severity="LOW"))
    assert [item.target for item in address_alert(low, targets)] == ["family"]


def test_the_same_alert_has_the_same_message_id_at_one_target_and_another_elsewhere() -> None:
    targets = (target("one"), target("two"))
    first, again = address_alert(alert(), targets), address_alert(alert(), targets)
    assert [item.message_id for item in first] == [item.message_id for item in again]
    assert first[0].message_id != first[1].message_id


def test_a_name_travels_only_where_the_target_asks_for_it() -> None:
    targets = (target("plain"), target("named", include_name=True))
    plain, named = (json.loads(item.body) for item in address_alert(alert(), targets))
    assert "Anna Example" not in json.dumps(plain)
    assert named["data"]["patient_name"] == "Anna Example"


def test_a_technical_alert_claims_nothing_of_the_heart() -> None:
    technical = replace(ALARM, event_type=EventType.LINK_LOST, domain=Domain.TECHNICAL)
    made = alert(technical)
    assert made.not_visible == ()
    assert made.st_risk is None
    assert made.clinical_notes == ()
