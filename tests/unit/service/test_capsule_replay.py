"""A capsule is replayed to the same bits, and where it is not, it says where."""

from __future__ import annotations

import copy
import json
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from capsule_bench import NAMES, SETTINGS, STEMI, Bench, stemi_stream

from ecgd.config.settings import StoreSettings
from ecgd.errors import CapsuleError
from ecgd.model.baseline import BEAT_POINTS, Baseline, Confirmation, MedianBeat
from ecgd.model.finding import Domain, EventType, Finding, Severity
from ecgd.model.link import BytesReceived
from ecgd.model.st_change import StVector
from ecgd.pipeline.history import History
from ecgd.protocol import LinkKey, SealGuard
from ecgd.protocol.seal_guard import RecordedGuard
from ecgd.service import capsule_origin, capsule_recorder, capsule_replay
from ecgd.service.capsule import Capsule, read_capsule
from ecgd.service.capsule_journal import Came, SealJudged
from ecgd.service.capsule_lines import JudgedRead, StepRead
from ecgd.service.capsule_origin import changed_settings
from ecgd.service.capsule_replay import first_difference, verify
from ecgd.service.capsule_sight import look_at
from ecgd.service.exact_plain import to_plain
from ecgd.store.capsule_stream import StreamWriter, read_stream


def capsule_of(bench: Bench) -> Capsule:
    return read_capsule(stream_of(bench))


def stream_of(bench: Bench) -> bytes:
    bench.capsules.close()
    return bench.kept.stream()


def changed(change: Any) -> Capsule:
    """Return the capsule after ``change`` had its way with each of its lines."""
    lines = json.loads(json.dumps(read_stream(stemi_stream()).lines))
    for line in lines:
        change(line)
    writer = StreamWriter()
    return read_capsule(writer.lines(lines) + writer.seal())


def test_the_decision_comes_out_again() -> None:
    capsule = read_capsule(stemi_stream())
    verdict = verify(capsule)
    assert verdict.difference is None
    assert verdict.is_reproduced
    assert verdict.alerts == ("alert-1",)
    assert verdict.windows >= 7
    assert (verdict.unlike, verdict.unverified, capsule.problem) == ((), (), "")
    assert verify(capsule) == verdict


def test_it_goes_on_for_a_time_after_the_alert() -> None:
    capsule = read_capsule(stemi_stream())
    received = [e.received for e in capsule.entries if isinstance(e, Came)]
    times_s = [each.arrived_s for each in received if isinstance(each, BytesReceived)]
    assert times_s[-1] - capsule.raised_s == pytest.approx(4.0, abs=1.2)
    assert capsule.ending == "its time was over"


def test_a_cut_line_and_another_history_are_replayed_too() -> None:
    bench = Bench()
    bench.run(20.0, cut_s=11.0, forget_s=6.5)
    verdict = verify(capsule_of(bench))
    assert verdict.difference is None
    assert verdict.alerts


@pytest.mark.parametrize(
    "name",
    ["stemi", "loss", "bit_errors", "reset_behind_cut", "six_lead_byte_loss", "six_lead_overflow"],
)
def test_it_goes_on_from_a_state_in_the_middle(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capsule_recorder, "CHECKPOINT_S", 3.0)
    bench = Bench(recording=STEMI.with_stem(name))
    bench.run(24.0)
    bench.kept.parts.clear()
    asystole = Finding(EventType.ASYSTOLE, Severity.CRITICAL, Domain.TECHNICAL)
    (raised,) = bench.session.alarms.report((asystole,), bench.now_s)[:1]
    bench.capsules.forget("erika")
    bench.capsules.close()
    capsule = read_capsule(b"".join(bench.kept.parts[raised.alarm.alert_id or ""]))
    verdict = verify(capsule)
    assert capsule.state.history.end_index > 0
    assert capsule.raised_s - capsule.state.at_s >= 10.0
    assert verdict.difference is None
    assert verdict.windows >= 3
    assert raised.alarm.alert_id in verdict.alerts


def test_bytes_that_were_changed_come_out_otherwise() -> None:
    def flip(line: list[Any]) -> None:
        if line[0] == "came" and "BytesReceived" in line[1]["="]:
            text = line[1]["v"]["data"]["b"]
            line[1]["v"]["data"]["b"] = text[:40] + ("A" if text[40:41] != "A" else "B") + text[41:]

    verdict = verify(changed(flip))
    assert not verdict.is_reproduced
    assert verdict.difference is not None
    assert "window" in verdict.difference.where


def test_another_threshold_comes_out_otherwise() -> None:
    def mend(line: list[Any]) -> None:
        if line[0] == "capsule":
            line[1]["settings"]["alarms"]["v"]["hold_off"]["v"]["stemi_s"] = 3.0

    verdict = verify(changed(mend))
    assert verdict.difference is not None
    assert verdict.difference.where.startswith("alarm machine, observe")
    assert not verdict.is_reproduced


def test_one_bit_of_one_figure_is_found_and_named() -> None:
    seen: list[float] = []

    def nudge(line: list[Any]) -> None:
        if line[0] == "judged" and line[2]["v"]["st"] is not None and not seen:
            lead = line[2]["v"]["st"]["v"]["leads"][1]["v"]
            seen.append(lead["level_mv"])
            lead["level_mv"] = lead["level_mv"] * (1 + 2**-52)

    found = verify(changed(nudge)).difference
    assert found is not None
    assert found.where.endswith(": st.leads[1].level_mv")
    assert float(found.replayed) == seen[0]
    assert found.recorded != found.replayed
    assert found.at_s < 0


def test_other_code_is_said_and_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    capsule_origin.build.cache_clear()
    monkeypatch.setattr(capsule_origin, "code_fingerprint", lambda: "other")
    try:
        verdict = verify(read_capsule(stemi_stream()))
    finally:
        capsule_origin.build.cache_clear()
    assert verdict.is_reproduced
    assert [words.split(":")[0] for words in verdict.unlike] == ["code"]


def test_missing_networks_are_said(tmp_path: Path) -> None:
    def name_them(line: list[Any]) -> None:
        if line[0] == "capsule":
            line[1]["networks"] = {"names": ["cnn"], "hash": "f00"}

    verdict = verify(changed(name_them), tmp_path)
    assert verdict.unverified == (
        "the networks' answers were taken as recorded: its networks are not installed",
    )


def test_other_networks_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def name_them(line: list[Any]) -> None:
        if line[0] == "capsule":
            line[1]["networks"] = {"names": ["cnn"], "hash": "f00d" * 16}

    others = SimpleNamespace(names=("cnn",), models_hash="beef" * 16)
    monkeypatch.setattr(capsule_replay, "load_sound_scorer", lambda _: others)
    assert verify(changed(name_them), tmp_path).unverified == (
        "the networks' answers were taken as recorded: its networks (f00df00df00d) are not those "
        "installed here (beefbeefbeef)",
    )


def test_settings_that_changed_since_are_named() -> None:
    then = read_capsule(stemi_stream()).settings
    assert changed_settings(then, then) == ()
    now = replace(then, analysis=replace(then.analysis, st_elevation_mv=0.15))
    assert changed_settings(then, now) == ("analysis.st_elevation_mv: recorded with 0.1, now 0.15",)


def test_a_beginning_is_replayed_as_far_as_it_goes() -> None:
    data = stemi_stream()
    capsule = read_capsule(data[: len(data) * 9 // 10])
    assert capsule.problem
    assert verify(capsule).difference is None


def test_too_little_is_an_error() -> None:
    with pytest.raises(CapsuleError, match="nothing of the capsule can be used"):
        read_capsule(stemi_stream()[:100])


def test_another_format_is_an_error() -> None:
    def rename(line: list[Any]) -> None:
        if line[0] == "capsule":
            line[1]["format"] = 99

    with pytest.raises(CapsuleError, match="format 1"):
        changed(rename)


def test_nobody_is_named() -> None:
    confirmed = Confirmation(NAMES[2], 0.0, 1e12, StVector(0.0, 0.0), "2099-01-01")
    beat = MedianBeat(np.zeros((6, BEAT_POINTS)), 70, 95, (0.0, 0.0), None, None, 0.8, 100)
    bench = Bench(history=History(baseline=Baseline(beat, (), 0.0, confirmed=confirmed)))
    bench.run(12.0)
    bench.session.alarms.acknowledge(None, NAMES[2], bench.now_s)
    bench.run(5.0)
    bench.capsules.close()
    data = bench.kept.stream()
    text = json.dumps(read_stream(data).lines)
    assert not [name for name in (*NAMES, "erika") if name in text]
    assert "beyond the level that somebody confirmed as chronic" in text
    assert verify(read_capsule(data)).difference is None


def test_the_trace_tells_quality_findings_hold_off_and_changes() -> None:
    sight = look_at(read_capsule(stemi_stream()))
    raised = next(row for row in sight.rows if "STEMI_DETECTED raised" in row.changes)
    waiting = [row for row in sight.rows if row.waits and row.at_s < 0]
    assert raised.at_s == pytest.approx(0.0, abs=0.05)
    assert raised.assessment.findings[0].event_type is EventType.STEMI_DETECTED
    assert {kind for row in waiting for kind, _, _ in row.waits} >= {"STEMI_DETECTED"}
    assert all(lasted_s <= hold_s for row in waiting for _, lasted_s, hold_s in row.waits)
    assert all(row.assessment.quality for row in sight.rows)
    assert sight.window is not None
    assert sight.window.end_index == raised.assessment.end_index


def test_a_store_that_fails_leaves_what_was_kept() -> None:
    bench = Bench()
    bench.kept.refuse_from = 2
    bench.run(20.0)
    bench.capsules.close()
    capsule = read_capsule(bench.kept.stream())
    assert capsule.problem
    assert verify(capsule).difference is None


def test_a_patient_who_leaves_ends_the_capsule() -> None:
    settings = replace(SETTINGS, store=StoreSettings(capsule_before_s=10.0, capsule_after_s=60.0))
    bench = Bench(settings)
    bench.run(12.0)
    bench.capsules.forget("erika")
    capsule = capsule_of(bench)
    entries = capsule.entries
    assert capsule.ending == "the patient was not watched any longer"
    assert not capsule.problem
    assert any(isinstance(entry, JudgedRead) for entry in entries)
    assert any(isinstance(entry, StepRead) and entry.progress for entry in entries)


@pytest.mark.parametrize(
    ("recorded", "replayed", "where"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": {"v": {"b": [1, 2]}}}, {"a": {"v": {"b": [1, 3]}}}, "a.b[1]"),
        ([1], [1, 2], ""),
        ({"a": 1}, {"a": 1.0}, "a"),
        ({"a": 0.0}, {"a": -0.0}, "a"),
        ({}, {"a": 2}, "a"),
    ],
)
def test_the_first_difference_is_named(recorded: Any, replayed: Any, where: str | None) -> None:
    found = first_difference(recorded, replayed)
    assert (None if found is None else found[0]) == where


@pytest.mark.parametrize("cut_s", [None, 16.0])
def test_a_sealed_line_is_replayed_without_its_key(cut_s: float | None) -> None:
    bench = Bench(key=LinkKey(bytes(range(16))))
    bench.run(24.0, cut_s=cut_s)
    assert bench.session.intake.authenticated is True
    capsule = capsule_of(bench)
    assert sum(isinstance(entry, SealJudged) for entry in capsule.entries) > 100
    verdict = verify(capsule)
    assert verdict.difference is None
    assert verdict.is_reproduced
    assert look_at(capsule).window is not None


def test_of_a_key_nothing_is_written() -> None:
    key = bytes(range(0xA0, 0xB0))
    guard = SealGuard(LinkKey(key))
    copied = copy.deepcopy([guard, guard])
    assert copied[0] is copied[1]
    assert isinstance(copied[0], RecordedGuard)
    with pytest.raises(TypeError):
        to_plain(guard)
    bench = Bench(key=LinkKey(key))
    bench.run(24.0)
    text = json.dumps(read_stream(stream_of(bench)).lines)
    assert key.hex() not in text
    assert "Chaskey" not in text
    assert "LinkKey" not in text


def test_what_cannot_be_copied_ends_the_capsules_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    bench.session.intake.hindrance = threading.Lock()  # type: ignore[attr-defined]
    bench.run(20.0)
    assert "no capsules of Erika Musterfrau until the next start" in caplog.text
    raised = [each.alert_id for each in bench.session.alarms.book.alarms if each.alert_id]
    assert raised == ["alert-1"]
