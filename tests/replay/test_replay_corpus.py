"""The corpus of recorded bytes: each gives the events that are expected of it, wherever it runs."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from replay_build import build_log, read_cuts
from replay_corpus import (
    EXPECTED_SUFFIX,
    FOLDER,
    case_names,
    differences,
    expected_path,
    log_path,
    read_events,
    rebuild,
    write_events,
)
from replay_driver import Event, replay, replay_records
from replay_recipes import BY_NAME, RECIPES

from ecgd.sources.byte_log import SUFFIX, ByteLogReader, LoggedBytes
from ecgd.sources.byte_log_device import device_from_notes

CASES = case_names()
SIZE_MAX = 2_500_000
SPLIT_CASES = ("bit_errors", "six_lead_bit_errors")

HEART_ALARMS = {
    "stemi": {"STEMI_DETECTED"},
    "reset": {"STEMI_DETECTED"},
    "link_cut": {"STEMI_DETECTED"},
    "asystole": {"ASYSTOLE"},
    "asystole_behind_electrode": {"ASYSTOLE"},
    "six_lead_clean": {"STEMI_DETECTED"},
}
"""What each recipe's patient has; every other one has a heart that gives no alarm."""

TECHNICAL_ALARMS = {
    "artefact": {"SIGNAL_UNUSABLE"},
    "asystole_behind_electrode": {"ELECTRODE_OFF"},
    "battery": {"BATTERY_LOW"},
    "electrode_off": {"ELECTRODE_OFF"},
    "link_cut": {"LINK_LOST", "CHECK_PATIENT"},
    "reset_behind_cut": {"LINK_LOST"},
    "six_lead_channel_fault": {"CHANNEL_FAULT"},
}
"""What each recipe's line and device have."""


@cache
def found(name: str) -> list[Event]:
    return replay(log_path(name))


def end_of(events: list[Event]) -> Event:
    assert events[-1]["event"] == "end"
    return events[-1]


def kinds_raised(events: list[Event]) -> set[str]:
    return {event["event_type"] for event in events if event.get("change") == "raised"}


@pytest.mark.parametrize("name", CASES)
def test_a_recording_gives_what_is_expected(name: str) -> None:
    lines = differences(read_events(expected_path(name)), found(name))
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize("name", CASES)
def test_every_byte_and_every_sample_is_accounted_for(name: str) -> None:
    end = end_of(found(name))
    sent = [r.data for r in ByteLogReader(log_path(name)) if r.direction == 0]
    assert end["bytes_in"] == sum(map(len, sent))
    kept = end["bytes_accepted"] + end["bytes_discarded"] + end["bytes_pending"]
    assert end["bytes_in"] == kept
    gaps = [event["samples"] for event in found(name) if event["event"] == "gap"]
    assert (end["gaps"], end["samples_lost"]) == (len(gaps), sum(gaps))


@pytest.mark.parametrize("name", [recipe.name for recipe in RECIPES])
def test_the_alarms_are_those_of_the_recipe_s_patient_and_line(name: str) -> None:
    expected = HEART_ALARMS.get(name, set()) | TECHNICAL_ALARMS.get(name, set())
    assert kinds_raised(found(name)) == expected


@pytest.mark.parametrize("name", ["stemi", "reset", "link_cut", "asystole_behind_electrode"])
def test_nothing_that_befalls_the_line_clears_an_alarm_of_the_heart(name: str) -> None:
    raised = HEART_ALARMS[name]
    changes = [
        event["change"]
        for event in found(name)
        if event.get("event_type") in raised and event.get("change") != "updated"
    ]
    allowed = ["pending", "raised", "latched"] if name == "stemi" else ["pending", "raised"]
    assert [change for change in changes if change not in allowed] == []
    assert changes.count("raised") == 1


SIX_LEAD = [name for name in CASES if name.startswith("six_lead_")]


@pytest.mark.parametrize(
    "name", ["clean", "loss", "byte_loss", "bit_errors", "stall", "link_cut", *SIX_LEAD]
)
def test_sample_indices_are_the_device_s_own_time(name: str) -> None:
    """250 Hz, no drift, no reset: a lost sample is a hole, and moves nothing after it."""
    newest = [event for event in found(name) if event["event"] == "window"][-1]
    assert newest["end"] / 250.0 == pytest.approx(newest["t"], abs=0.2)


@pytest.mark.parametrize("name", [recipe.name for recipe in RECIPES])
def test_a_recipe_gives_the_same_bytes_again(name: str) -> None:
    assert build_log(BY_NAME[name]) == log_path(name).read_bytes()


def test_another_seed_gives_other_bytes() -> None:
    assert build_log(BY_NAME["loss"], seed=2) != log_path("loss").read_bytes()


@pytest.mark.parametrize("name", SPLIT_CASES)
@pytest.mark.parametrize("seed", range(3))
def test_the_events_do_not_depend_on_how_the_bytes_were_split(name: str, seed: int) -> None:
    reader = ByteLogReader(log_path(name))
    notes = reader.header.notes
    pieces = split(reader, random.Random(seed))
    assert replay_records(pieces, read_cuts(notes), device_from_notes(notes)) == found(name)


def split(records: ByteLogReader, rng: random.Random) -> Iterator[LoggedBytes]:
    """Cut each record anywhere, down to single bytes; all pieces arrive when it did."""
    for record in records:
        left = record.data
        while left:
            size = rng.randint(1, len(left)) if rng.random() < 0.7 else 1
            yield replace(record, data=left[:size])
            left = left[size:]


@pytest.mark.parametrize("name", SIX_LEAD)
def test_a_six_lead_device_reports_neither_battery_nor_electrodes(name: str) -> None:
    events = found(name)
    assert not [event for event in events if event["event"] == "status"]
    assert not [event for event in events if event.get("event_type") == "BATTERY_LOW"]


def test_a_line_that_was_held_up_or_noisy_loses_no_six_lead_sample() -> None:
    for name in ("six_lead_clean", "six_lead_stall", "six_lead_garbage_start"):
        assert end_of(found(name))["samples_lost"] == 0
    assert end_of(found("six_lead_overflow"))["samples_lost"] == pytest.approx(370, abs=10)


def test_no_log_is_without_expectations_and_none_without_a_log() -> None:
    logs = {path.stem for path in FOLDER.glob(f"*{SUFFIX}")}
    expectations = {path.stem for path in FOLDER.glob(f"*{EXPECTED_SUFFIX}")}
    assert logs == expectations
    assert logs >= BY_NAME.keys()


def test_the_corpus_is_small() -> None:
    files = [*FOLDER.glob(f"*{SUFFIX}"), *FOLDER.glob(f"*{EXPECTED_SUFFIX}")]
    assert sum(path.stat().st_size for path in files) < SIZE_MAX


def first(events: list[Event], kind: str, **having: Any) -> int:
    return next(
        number
        for number, event in enumerate(events)
        if event["event"] == kind and having.items() <= event.items()
    )


def changed(events: list[Event], number: int, **fields: Any) -> list[Event]:
    return [*events[:number], events[number] | fields, *events[number + 1 :]]


def test_a_changed_expectation_is_noticed() -> None:
    events = found("stemi")
    raised = first(events, "alarm", change="raised")
    window = first(events, "window")
    levels = events[window]["st_mv"]
    for number, fields in (
        (raised, {"t": events[raised]["t"] + 1.0}),
        (raised, {"severity": "HIGH"}),
        (raised, {"evidence": ["ST elevation: II +0.40 mV"]}),
        (window, {"end": events[window]["end"] + 1}),
        (window, {"bpm": events[window]["bpm"] + 0.3}),
        (window, {"st_mv": levels | {"II": levels["II"] + 0.006}}),
        (window, {"st_mv": levels | {"II": None}}),
        (len(events) - 1, {"bytes_pending": 0}),
    ):
        assert differences(changed(events, number, **fields), events), fields
    assert differences(events[:raised] + events[raised + 1 :], events)
    assert differences(events, events[:raised] + events[raised + 1 :])


def test_a_figure_within_its_tolerance_passes() -> None:
    events = found("stemi")
    window = first(events, "window")
    levels = events[window]["st_mv"]
    nearly = {"st_mv": levels | {"II": levels["II"] - 0.004}, "bpm": events[window]["bpm"] - 0.1}
    assert differences(changed(events, window, **nearly), events) == []
    raised = first(events, "alarm", change="raised")
    evidence = events[raised]["evidence"][0]
    moved = evidence.replace("+0.20", "+0.19")
    assert moved != evidence
    words = [moved, *events[raised]["evidence"][1:]]
    assert differences(changed(events, raised, evidence=words), events) == []


def test_a_recording_without_a_recipe_keeps_its_bytes(tmp_path: Path) -> None:
    data = log_path("reset_behind_cut").read_bytes()
    log_path("from_the_field", tmp_path).write_bytes(data)
    rebuild("from_the_field", tmp_path)
    assert log_path("from_the_field", tmp_path).read_bytes() == data
    expected = read_events(expected_path("from_the_field", tmp_path))
    assert expected == read_events(expected_path("reset_behind_cut"))
    assert case_names(tmp_path) == ("from_the_field",)


def test_events_survive_writing_and_reading(tmp_path: Path) -> None:
    write_events(found("clean"), tmp_path / "clean.chk")
    assert read_events(tmp_path / "clean.chk") == json.loads(json.dumps(found("clean")))


@pytest.mark.parametrize(
    ("arguments", "status", "shown"),
    [
        (["check", "late_connect"], 0, "ok"),
        (["view", "link_cut", "--expected"], 0, "raised CHECK_PATIENT HIGH"),
        (["check", "no_such_case"], 2, "no such case"),
    ],
)
def test_the_tool(project_root: Path, arguments: list[str], status: int, shown: str) -> None:
    command = [sys.executable, str(project_root / "scripts" / "replay"), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == status, ran.stderr
    assert shown in ran.stdout + ran.stderr
