"""Tests of the alarms, over parts that do as they are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from trial_parts import (
    HOME,
    SETTINGS,
    on,
    quiet_now,
    report,
    sent,
    settled,
)

from ecgd.config.fleet import MqttSettings
from ecgd.errors import StoreError
from ecgd.model.alarm import DeliveryResult, Purpose
from ecgd.model.finding import EventType, Severity
from ecgd.model.proof import PINS, STORED, Step, StepState, Trial, TrialKind
from ecgd.service.proof_desk import REST_S, ProofDesk
from ecgd.web.trial_gateway import TrialRefusedError


def begin(desk: ProofDesk, **more: Any) -> Trial:
    wanted = {"sounding": None, "limit_s": 30.0, "answer_s": 0.0} | more
    return desk.start_test("anna", **wanted)


def step(trial: Trial | None, name: str) -> Step:
    assert trial is not None
    return next(each for each in trial.steps if each.name == name)


def test_a_test_reaches_test_targets_alone_and_is_proven_by_their_receipt(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        begin(desk)
        item = await sent(parts)
        await settled(lambda: step(desk.newest_test(), STORED).state is StepState.DONE)
        assert not desk.newest_test().is_over, "nobody has confirmed it yet"  # type: ignore[union-attr]
        desk.note_delivery(report(item))
        trial = desk.newest_test()
        assert trial is not None and trial.is_proven
        assert step(trial, "mama").state is StepState.LEFT_OUT
        assert parts.targets["mama"].taken == []
        assert (item.purpose, item.severity) == (Purpose.TEST, Severity.LOW)
        assert b'"simulated":true' in item.body
        [alert] = parts.store.alerts
        assert (alert.event_type, alert.patient_id) == (EventType.TEST_ALARM, "gateway")
        assert parts.store.acknowledged == parts.store.cleared == [alert.alert_id]
        assert [row.target for row in parts.store.rows] == ["home"]
        assert parts.store.recorded == [], "what was delivered is not withdrawn"
        assert parts.annunciator.sounded == [True]

    on(tmp_path, course)


def test_a_receipt_that_comes_too_late_proves_no_test(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        begin(desk, limit_s=0.0)
        await settled(lambda: desk.newest_test() and desk.newest_test().is_over)  # type: ignore[union-attr]
        before = desk.newest_test()
        for courier in parts.targets.values():
            for item in courier.taken:
                desk.note_delivery(report(item))
        assert desk.newest_test() == before
        assert before is not None and not before.is_proven

    on(tmp_path, course)


def test_what_is_not_brought_is_taken_back_and_says_why(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        forgotten: list[str] = []
        parts.fan_out.replies = SimpleNamespace(forget=forgotten.append)
        begin(desk)
        item = await sent(parts)
        desk.note_delivery(report(item, DeliveryResult.RETRY, "connection refused", 1.0))
        assert step(desk.newest_test(), "home").detail == "connection refused; tried again"
        run = desk._runs[TrialKind.TEST]
        run.look(run.trial.begun_s + 31.0)
        trial = desk.newest_test()
        assert trial is not None and trial.is_over and not trial.is_proven
        assert "connection refused" in step(trial, "home").detail
        assert parts.targets["home"].withdrawn == [item.message_id]
        assert [each.result for each in parts.store.recorded] == [DeliveryResult.WITHDRAWN]
        assert forgotten == [run.alert_id], "nobody rings any longer"

    on(tmp_path, course)


def test_a_target_that_never_tried_says_why(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        begin(desk)
        await sent(parts)
        run = desk._runs[TrialKind.TEST]
        run.look(run.trial.begun_s + 31.0)
        assert step(desk.newest_test(), "home").detail.endswith("not connected yet")

    on(tmp_path, course)


def test_one_at_a_time_and_a_rest_between(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        begin(desk)
        with pytest.raises(TrialRefusedError, match="under way") as refused:
            begin(desk)
        assert not refused.value.is_soon
        desk.note_delivery(report(await sent(parts)))
        await settled(lambda: desk.newest_test().is_over)  # type: ignore[union-attr]
        with pytest.raises(TrialRefusedError, match="just ended") as soon:
            begin(desk)
        assert soon.value.is_soon
        run = desk._runs[TrialKind.TEST]
        run.trial = replace(run.trial, begun_s=run.trial.begun_s - REST_S)
        begin(desk)

    on(tmp_path, course)


def test_a_real_alarm_takes_the_pins_and_is_told(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        parts.annunciator.is_mute = True
        begin(desk)
        item = await sent(parts)
        desk.note_alarm(
            replace(
                parts.store.alerts[0],
                event_type=EventType.ASYSTOLE,
                patient_id="bert",
            )
        )
        trial = desk.newest_test()
        assert trial is not None and "a real alarm began" in trial.remarks[0]
        assert "bert" in trial.remarks[0]
        assert step(trial, PINS).state is StepState.FAILED
        desk.note_delivery(report(item))
        assert not desk.newest_test().is_proven  # type: ignore[union-attr]

    on(tmp_path, course)


def test_pins_that_show_an_alarm_are_left_to_it(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        parts.annunciator.shows_alarm = True
        begin(desk)
        await sent(parts)
        assert "goes first" in step(desk.newest_test(), PINS).detail

    on(tmp_path, course)


@pytest.mark.parametrize(
    ("sounding", "quiet", "sounds"),
    [
        (None, False, True),
        (None, True, False),
        (True, True, True),
        (False, False, False),
    ],
)
def test_in_quiet_hours_the_buzzer_needs_to_be_asked_for(
    tmp_path: Path, sounding: bool | None, quiet: bool, sounds: bool
) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        if quiet:
            quiet_now(parts)
        begin(desk, sounding=sounding)
        await sent(parts)
        assert parts.annunciator.sounded == [sounds]
        told = any("quiet hours" in each for each in desk.newest_test().remarks)  # type: ignore[union-attr]
        assert told == (quiet and sounding is None)

    on(tmp_path, course)


def test_an_answer_counts_once_it_is_to_this_alert(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        begin(desk, answer_s=60.0)
        item = await sent(parts)
        desk.note_delivery(report(item))
        assert desk.note_answer(None, "bert") == ()
        assert desk.note_answer("another", "bert") == ()
        assert not desk.newest_test().is_over  # type: ignore[union-attr]
        assert desk.note_answer(item.alert_id, "ntfy:bert") == (item.alert_id,)
        await settled(lambda: desk.newest_test().is_over)  # type: ignore[union-attr]
        trial = desk.newest_test()
        assert trial is not None and trial.is_proven
        assert step(trial, "answered").detail == "by ntfy:bert"
        assert desk.note_answer(item.alert_id, "carl") == (), "it is over"

    settings = replace(SETTINGS, webhooks=(replace(HOME, profile="pushover"),))
    on(tmp_path, course, settings)


def test_an_answer_that_nobody_can_give_fails_at_once(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        trial = begin(desk, answer_s=60.0)
        assert step(trial, "answered").state is StepState.FAILED
        assert "acknowledge = true" in step(trial, "answered").remedy

    on(tmp_path, course)


def test_without_targets_it_says_how_to_get_one(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        assert "[[webhooks]]" in begin(desk).remarks[0]

    on(tmp_path, course, replace(SETTINGS, webhooks=()))


def test_a_disk_at_fault_fails_and_the_rest_goes_on(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        parts.store.error = StoreError("The disk is full", "Make room")
        begin(desk)
        desk.note_delivery(report(await sent(parts)))
        await settled(lambda: desk.newest_test().is_over)  # type: ignore[union-attr]
        trial = desk.newest_test()
        assert "The disk is full" in step(trial, STORED).detail
        assert step(trial, "home").state is StepState.DONE
        assert trial is not None and not trial.is_proven

    on(tmp_path, course)


def test_an_analysis_that_sees_nothing_is_found_out(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        parts.worker.sees_only_beats = True
        begin(desk)
        desk.note_delivery(report(await sent(parts)))
        trial = desk.newest_test()
        assert step(trial, "analysed").state is StepState.FAILED
        assert step(trial, "alarm raised").state is StepState.FAILED

    on(tmp_path, course)


def test_the_broker_is_a_target_too(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        begin(desk)
        item = await sent(parts, "mqtt")
        assert item.purpose is Purpose.TEST
        assert parts.store.rows == [], "no outbox keeps what a listener misses"
        desk.note_delivery(report(item, detail="the broker has it"))
        await settled(lambda: desk.newest_test().is_over)  # type: ignore[union-attr]
        assert desk.newest_test().is_proven  # type: ignore[union-attr]

    settings = replace(SETTINGS, webhooks=(), mqtt=MqttSettings(enabled=True))
    on(tmp_path, course, settings)


def test_a_queue_full_of_alarms_is_left_to_them(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        parts.targets["home"].has_place = False
        begin(desk)
        await sent(parts)
        assert "alarms fill the queue" in step(desk.newest_test(), "home").detail

    on(tmp_path, course)
