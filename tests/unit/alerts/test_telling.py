"""Texts for people: what they say, what they never say, and that they fit everywhere."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgd.alerts.german import TRANSLATED
from ecgd.alerts.news import News, read_news
from ecgd.alerts.payload import alert_body
from ecgd.alerts.telling import LANGUAGES, Text, clean, cut, tell
from ecgd.decision.advice import description, recommended_action
from ecgd.errors import DeliveryError
from ecgd.model.alarm import Alert
from ecgd.model.finding import NOT_VISIBLE, EventType, Severity, Territory

BERLIN = ZoneInfo("Europe/Berlin")


def alert(event_type: EventType, severity: Severity, **more: object) -> Alert:
    made = Alert(
        alert_id="a1",
        patient_id="room-4",
        patient_name="Anna Müller",
        event_type=event_type,
        severity=severity,
        occurred_unix_s=1_700_000_000.0,
        occurred_mono_s=5.0,
        boot_id="b",
        clock_synchronised=True,
        simulated=False,
        description=description(event_type, ("II +0.21 mV",), Territory.INFERIOR),
        recommended_action=recommended_action(severity, event_type, "999"),
        evidence=("II +0.21 mV",),
        territory=Territory.INFERIOR,
        not_visible=NOT_VISIBLE,
        quality=(("I", 0.62), ("II", 0.984)),
        heart_rate_bpm=71.2,
        location="Main Street 1",
    )
    return replace(made, **more)  # type: ignore[arg-type]


STEMI = alert(EventType.STEMI_DETECTED, Severity.CRITICAL)


def news(one: Alert = STEMI, *, include_name: bool = False) -> News:
    return read_news(alert_body(one, include_name=include_name, include_location=include_name))


def text(one: Alert = STEMI, language: str = "en", *, include_name: bool = False) -> Text:
    return tell(news(one, include_name=include_name), language, "999", BERLIN)


def test_it_says_what_happened_what_to_do_what_is_not_seen_and_when() -> None:
    told = text()
    assert told.title == "CRITICAL: ST-elevation infarction pattern"
    assert told.body(4000).split("\n") == [
        "ST-elevation infarction pattern, inferior: II +0.21 mV. Heart rate 71/min.",
        "Call 999 now: this may be a heart attack, and every minute counts. Stay with the patient, "
        "let them rest, do not let them drive. Clinicians: prepare for primary PCI or "
        "thrombolysis.",
        "Signal quality 62–98 %. These leads cannot show every infarction; not visible: anterior, "
        "septal, posterior, right ventricular.",
        "14 Nov 2023, 23:13:20 CET",
        "This monitor supplements professional care and never replaces it: with chest pain, "
        "breathlessness or fainting call 999 whatever it shows.",
    ]


def test_it_says_so_in_german() -> None:
    told = text(language="de")
    assert told.title == "KRITISCH: Muster eines Herzinfarkts mit ST-Hebung"
    assert told.body(4000).split("\n") == [
        "Muster eines Herzinfarkts mit ST-Hebung, Hinterwand (inferior): II +0.21 mV. "
        "Herzfrequenz 71/min.",
        "Jetzt 999 rufen: Es kann ein Herzinfarkt sein, jede Minute zählt. Bei der Person bleiben, "
        "sie ruhen und nicht selbst fahren lassen.",
        "Signalqualität 62–98 %. Diese Ableitungen zeigen nicht jeden Infarkt; nicht zu sehen: "
        "Vorderwand, Scheidewand, hintere Wand (posterior), rechte Kammer.",
        "14.11.2023, 23:13:20 CET",
        "Dieser Monitor ergänzt ärztliche Hilfe und ersetzt sie nie: bei Brustschmerz, Atemnot "
        "oder Ohnmacht 999 rufen, was immer er zeigt.",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_named_unless_it_is_wanted(language: str) -> None:
    without = text(language=language)
    whole = without.title + without.body(4000) + without.spoken(4000)
    for identity in ("Anna", "Müller", "Main Street", "room-4"):
        assert identity not in whole
    named = text(language=language, include_name=True)
    assert named.title.endswith(" – Anna Müller")
    assert "Main Street 1" in named.body(4000)


@pytest.mark.parametrize(
    ("language", "title", "line"),
    [("en", "TEST, no real alarm", "Nobody is ill"), ("de", "TEST, kein", "Niemand ist krank")],
)
def test_simulated_alert_is_a_test_however_little_room_there_is(
    language: str, title: str, line: str
) -> None:
    told = text(replace(STEMI, simulated=True), language)
    assert told.headline(40).startswith(title)
    assert line in told.body(80)
    assert line in told.spoken(200)
    assert f"\n{told.words.if_real.partition('{')[0]}" in told.body(4000)


def test_what_helps_least_is_left_out_first() -> None:
    told = text()
    whole = told.body(4000)
    sizes = [len(whole), len(whole) - 1, 380, 360, 340, 200]
    kept = [told.body(size) for size in sizes]
    assert [told.supplement in one for one in kept] == [True] + [False] * 5
    assert ["71/min" in one for one in kept[:2]] == [True] * 2
    assert all(len(one) <= size for one, size in zip(kept, sizes, strict=True))
    assert kept[-1] == told.action
    assert told.body(60) == "Call 999 now: this may be a heart attack, and every minute…"


def test_long_name_and_place_leave_room_for_what_to_do() -> None:
    wordy = replace(STEMI, patient_name="Anna " * 99, location="Street " * 99)
    told = text(wordy, include_name=True)
    assert len(told.title) < 120
    assert told.body(400).startswith(told.action)
    assert "Where: Street" in told.body(400)


def test_voice_says_numbers_digit_by_digit() -> None:
    assert "Call 9 9 9 now" in text().spoken(4000)


def test_fault_of_the_equipment_has_no_caveat_about_the_heart() -> None:
    off = alert(EventType.ELECTRODE_OFF, Severity.MEDIUM, not_visible=(), quality=())
    assert text(off).caveat == ""
    assert "The signal quality is not known." in text(replace(STEMI, quality=())).caveat


def test_clock_that_cannot_be_trusted_is_told() -> None:
    assert "time may be wrong" in text(replace(STEMI, clock_synchronised=False)).when
    assert text(replace(STEMI, occurred_unix_s=float("nan"))).when == "The time is not known."


@pytest.mark.parametrize(
    ("late_s", "says"),
    [
        (0.0, ""),
        (119.0, ""),
        (-900.0, ""),
        (120.0, "Sent late: this was 2 min ago."),
        (3599.0, "Sent late: this was 59 min ago."),
        (11_460.0, "Sent late: this was 3 h 11 min ago."),
    ],
)
def test_message_that_waited_for_the_network_says_so(late_s: float, says: str) -> None:
    told = tell(news(), "en", "999", BERLIN, 1_700_000_000.0 + late_s)
    assert told.late == says
    assert told.body(4000).startswith(says)
    assert says in told.body(70)
    assert says in told.spoken(4000)
    unsure = news(replace(STEMI, clock_synchronised=False))
    assert tell(unsure, "en", "999", BERLIN, 1_700_000_000.0 + late_s).late == ""


@pytest.mark.parametrize(
    ("language", "words"), [("en", "call the emergency services"), ("de", "den Rettungsdienst")]
)
def test_without_a_configured_number_the_rescue_is_named(language: str, words: str) -> None:
    assert words in tell(news(), language, " ").body(4000)


@pytest.mark.parametrize("event_type", EventType)
def test_every_alarm_is_told_in_german(event_type: EventType) -> None:
    assert event_type in TRANSLATED, f"add {event_type} to ecgd/alerts/german.py"
    for severity in Severity:
        told, english = text(alert(event_type, severity), "de"), text(alert(event_type, severity))
        assert told.title != english.title
        assert told.action != english.action
        assert "{" not in told.body(4000) + english.body(4000)


@pytest.mark.parametrize("language", LANGUAGES)
def test_alarm_of_another_version_is_told_as_it_is_stored(language: str) -> None:
    body = alert_body(STEMI).replace(b"STEMI_DETECTED", b"TORSADE_SEEN")
    told = tell(read_news(body), language, "999", BERLIN)
    assert told.title.endswith(": torsade seen")
    assert "II +0.21 mV" in told.what
    assert "Call 999 now" in told.action


@pytest.mark.parametrize("body", [b"", b"{}", b'{"data": 3}', b'{"data": {"severity": "X"}}'])
def test_what_is_no_alert_is_told_as_such(body: bytes) -> None:
    with pytest.raises(DeliveryError, match="no alert"):
        read_news(body)


def test_what_could_break_a_line_or_turn_it_is_taken_out() -> None:
    assert clean("a\r\nb\x00\u2028c\u202ed\ud800 \t e") == "a b cd e"
    evil = replace(STEMI, patient_name="Eve\r\nX-Header: 1\u202egnp")
    assert text(evil, include_name=True).title.endswith("– Eve X-Header: 1gnp")


@given(st.text(max_size=60), st.integers(1, 80))
def test_cut_text_fits_and_is_a_beginning(whole: str, limit: int) -> None:
    kept = cut(whole, limit)
    assert len(kept) <= limit
    assert kept == whole or whole.startswith(kept.removesuffix("…"))


@given(st.text(max_size=60), st.integers(1, 300))
def test_escaped_text_is_never_cut_inside_what_escapes_it(whole: str, limit: int) -> None:
    kept = cut(whole, limit, lambda part: part.replace("&", "&amp;"))
    assert len(kept) <= limit
    assert kept.count("&") == kept.count("&amp;")
