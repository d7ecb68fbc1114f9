from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ecgd.alerts.news import read_news
from ecgd.alerts.payload import alert_body, answer_body, with_position
from ecgd.alerts.telling import LANGUAGES, Text, tell
from ecgd.model.alarm import Alert
from ecgd.model.finding import EventType, Severity
from ecgd.model.position import Position

ALERT = Alert(
    alert_id="01J9ZK4C",
    patient_id="anna",
    patient_name="Anna Müller",
    event_type=EventType.ASYSTOLE,
    severity=Severity.CRITICAL,
    occurred_unix_s=1_700_000_000.0,
    occurred_mono_s=1.0,
    boot_id="b",
    clock_synchronised=True,
    simulated=False,
    description="no beat for 4 s",
    recommended_action="Call 112",
    location="Main Street 1",
)
SEEN = Position(52.52, 13.405, accuracy_m=17.1, age_s=185.0)
MAP = "https://map.example/?a={latitude}&b={longitude}"


def told(alert: Alert, language: str = "en", *, name: bool = False) -> Text:
    return tell(read_news(alert_body(alert, include_name=name)), language, "112")


def sent_out(position: Position | None, language: str = "en", **fields: str) -> Text:
    body = alert_body(replace(ALERT, **fields), include_location=True)  # type: ignore[arg-type]
    if position is not None:
        body = with_position(body, position, MAP)
    return tell(read_news(body), language, "112")


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_patient_is_called_nothing(language: str) -> None:
    assert "–" not in told(ALERT, language).title
    assert "anna" not in told(ALERT, language).title.lower()


@pytest.mark.parametrize(("language", "who"), [("en", "patient 2"), ("de", "Person 2")])
def test_of_several_patients_each_has_a_number(language: str, who: str) -> None:
    text = told(replace(ALERT, patient_number=2), language)
    assert text.title.endswith(f" – {who}")
    assert f" – {who}." in text.spoken(4000)
    assert "anna" not in (text.title + text.body(4000)).lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_label_says_where_to_go(language: str) -> None:
    labelled = replace(ALERT, patient_label="bed 2", patient_number=1)
    assert told(labelled, language).title.endswith(" – bed 2")
    assert told(labelled, language, name=True).title.endswith(" – Anna Müller, bed 2")
    assert told(replace(ALERT, patient_number=1), language, name=True).title.endswith(
        "– Anna Müller"
    )


def test_the_word_that_somebody_answered_says_of_whom() -> None:
    body = answer_body(replace(ALERT, patient_label="bed 2"), "Berta")
    assert tell(read_news(body)).title.endswith(" – bed 2")


def test_a_label_of_strange_signs_stays_one_short_line() -> None:
    title = told(replace(ALERT, patient_label="bed\r\n2\u202e" + "x" * 500)).title
    assert "\n" not in title
    assert "\u202e" not in title
    assert len(title) < 160


@pytest.mark.parametrize(
    ("language", "where"),
    [
        ("en", "Where: 52.52000, 13.40500, within 17 m, 3 min ago. Usual place: Main Street 1."),
        ("de", "Wo: 52.52000, 13.40500, auf 17 m genau, vor 3 min. Sonst: Main Street 1."),
    ],
)
def test_who_is_sent_out_is_told_where_how_exactly_and_how_old(language: str, where: str) -> None:
    text = sent_out(SEEN, language)
    assert text.where == where
    assert "https://map.example/?a=52.52000&b=13.40500" in text.body(4000)
    assert where in text.body(4000)


def test_without_a_position_the_text_alone_is_told() -> None:
    assert sent_out(None).where == "Where: Main Street 1."
    assert sent_out(None).map == ""
    assert sent_out(None, location="").where == ""


def test_what_is_not_known_of_a_position_is_said() -> None:
    vague = sent_out(replace(SEEN, accuracy_m=None, age_s=3725.0), location="")
    assert vague.where == "Where: 52.52000, 13.40500, nobody knows how exactly, 1 h 2 min ago."
    assert "within 1 m, 0 s ago" in sent_out(replace(SEEN, accuracy_m=0.2, age_s=0.4)).where


def test_a_voice_says_the_place_digit_by_digit_and_no_address_of_a_map() -> None:
    spoken = sent_out(SEEN).spoken(4000)
    assert "52.5 2 0 0 0, 13.4 0 5 0 0" in spoken
    assert "map.example" not in spoken


def test_where_there_is_little_room_the_map_goes_before_the_place() -> None:
    text = sent_out(SEEN)
    brief = len("\n".join((text.action, text.where)))
    assert text.body(brief) == f"{text.action}\n{text.where}"


@pytest.mark.parametrize(
    "position",
    [5, "here", [], {}, {"latitude_deg": "52", "longitude_deg": 13}, {"map_url": None}, True],
)
def test_a_position_that_makes_no_sense_is_none(position: object) -> None:
    body = json.loads(alert_body(ALERT, include_location=True))
    body["data"]["position"] = position
    text = tell(read_news(json.dumps(body).encode()))
    assert (text.where, text.map) == ("Where: Main Street 1.", "")


def test_a_voice_says_a_share_as_one_number() -> None:
    heart = replace(ALERT, quality=(("I", 0.96), ("II", 1.0)), not_visible=("anterior",))
    assert "96–100 %" in told(heart).spoken(4000)
