"""Notes over a real socket: cleaned, bounded, kept, and refused in words that help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_daemon import NOW_UNIX_S, FakeGateway, serving

from ecgd.cli.client import Client
from ecgd.errors import ControlError, StoreError
from ecgd.web.note_routes import MAX_NOTE_CHARS, clean_note

ROUTE = "/v1/patients/p1/notes"


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
def client(gateway: FakeGateway, short_dir: Path) -> Iterator[Client]:
    path = short_dir / "control.sock"
    with serving(gateway, path):
        yield Client(path)


def test_a_note_comes_back_with_its_time_and_age(client: Client) -> None:
    note = client.post(ROUTE, {"by": "Dr. Grey", "text": "slept well"})["note"]
    assert note == {
        "note_id": 1,
        "patient_id": "p1",
        "at_unix_s": NOW_UNIX_S - 60.0,
        "author": "Dr. Grey",
        "text": "slept well",
        "age_s": 60.0,
    }
    assert client.get(ROUTE) == {"patient_id": "p1", "notes": [note]}
    assert client.get("/v1/patients/archived/notes")["notes"] == []


def test_the_newest_note_is_the_first_and_the_query_bounds(client: Client) -> None:
    for text in ("one", "two", "three"):
        client.post(ROUTE, {"by": "me", "text": text})
    shown = client.get(ROUTE, {"limit": "2"})["notes"]
    assert [note["text"] for note in shown] == ["three", "two"]
    assert client.get(ROUTE, {"since_unix_s": str(NOW_UNIX_S)})["notes"] == []


def test_the_longest_note_of_any_script_fits(client: Client) -> None:
    for char in ("x", "µ", "心", "\N{BLACK HEART SUIT}", "\N{ANATOMICAL HEART}"):
        text = char * MAX_NOTE_CHARS
        assert client.post(ROUTE, {"by": "me", "text": text})["note"]["text"] == text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"by": "me"}, "nothing that can be read"),
        ({"by": "me", "text": 7}, "nothing that can be read"),
        ({"by": "me", "text": " \n\t "}, "nothing that can be read"),
        ({"by": "me", "text": "x" * (MAX_NOTE_CHARS + 1)}, f"{MAX_NOTE_CHARS + 1} characters"),
        ({"by": "", "text": "x"}, "nobody is named"),
        ({"author": "me", "text": "x"}, "unknown key 'author'"),
    ],
)
def test_what_is_no_note_is_refused(
    client: Client, gateway: FakeGateway, body: dict[str, object], said: str
) -> None:
    with pytest.raises(ControlError, match=said):
        client.post(ROUTE, body)
    assert gateway.notes.kept == []


def test_an_unknown_patient_and_a_wrong_query_are_refused(client: Client) -> None:
    with pytest.raises(ControlError) as unknown:
        client.post("/v1/patients/p9/notes", {"by": "me", "text": "x"})
    assert unknown.value.remedy == "known: p1, p2, archived"
    for query in ({"since_unix_s": "nan"}, {"since_unix_s": "today"}, {"limit": "0"}):
        with pytest.raises(ControlError, match="makes no sense"):
            client.get(ROUTE, query)


def test_a_disk_at_fault_says_that_the_note_waits(client: Client, gateway: FakeGateway) -> None:
    gateway.notes.failure = StoreError("The note is not on the disk yet: full", "It waits")
    with pytest.raises(ControlError, match="not on the disk yet"):
        client.post(ROUTE, {"by": "me", "text": "x"})


def test_controls_are_cleaned_and_lines_stay() -> None:
    assert clean_note("\r\n one\ttwo \r\nthree\x1b[2J\x00\u2028four\n\n") == (
        "one two\nthree\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}\nfour"
    )


@given(st.text())
def test_a_cleaned_note_holds_nothing_but_lines_of_printable_text(text: str) -> None:
    cleaned = clean_note(text)
    assert all(line.isprintable() for line in cleaned.split("\n"))
    assert cleaned == cleaned.strip()
    assert clean_note(cleaned) == cleaned
