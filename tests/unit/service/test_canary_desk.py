"""Silent canaries, over parts that do as they are told."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from trial_parts import (
    HOME,
    SETTINGS,
    on,
    report,
    sent,
    settled,
    target,
)

from ecgd.config.fleet import MqttSettings
from ecgd.config.proof import ProofSettings
from ecgd.config.settings import Settings
from ecgd.model.alarm import DeliveryResult, OutboxItem, Purpose
from ecgd.model.proof import ProvenBy, Trial, TrialKind
from ecgd.service.proof_desk import ProofDesk


def begin(desk: ProofDesk, **more: Any) -> Trial:
    wanted = {"sounding": None, "limit_s": 30.0, "answer_s": 0.0} | more
    return desk.start_test("anna", **wanted)


SILENT = replace(SETTINGS, proof=ProofSettings(every_s=5.0, too_old_s=10.0))


async def canary_of(desk: ProofDesk, parts: Any, *names: str) -> list[OutboxItem]:
    desk._begin_canary(time.monotonic())
    return [await sent(parts, name) for name in names]


def test_a_canary_asks_all_and_wakes_nobody(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        for item in await canary_of(desk, parts, "home", "mama"):
            assert item.purpose is Purpose.CANARY
            assert b"ecgd.canary" in item.body
            desk.note_delivery(report(item))
        await settled(lambda: desk._runs[TrialKind.CANARY].trial.is_over)
        assert parts.annunciator.sounded == [] and parts.annunciator.pinged == 1
        assert parts.store.alerts == [] and parts.store.books == ["gateway"]
        status = desk.status()
        assert (status.whole.by, status.whole.carried_over) == (ProvenBy.CANARY, False)
        assert [way.by for way in status.targets] == [ProvenBy.CANARY] * 2
        assert desk.health().healthy and "last proven" in desk.health().detail

    on(tmp_path, course, SILENT)


def test_the_whole_is_proven_only_if_all_have_answered(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        home, mama = await canary_of(desk, parts, "home", "mama")
        desk.note_delivery(report(home))
        desk.note_delivery(report(mama, DeliveryResult.RETRY, "HTTP 401 Unauthorized"))
        await settled(lambda: desk._runs[TrialKind.CANARY].trial.is_over)
        status = desk.status()
        assert status.whole.age_s is None
        assert [way.by for way in status.targets] == [ProvenBy.CANARY, None]
        assert status.targets[1].trouble == "HTTP 401 Unauthorized"
        assert "mama: HTTP 401" in desk.health().detail

    on(tmp_path, course, SILENT)


def test_unproven_for_too_long_names_who_and_why_until_an_alert_proves_it(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        home, mama = await canary_of(desk, parts, "home", "mama")
        desk.note_delivery(report(home))
        desk.note_delivery(report(mama, DeliveryResult.RETRY, "HTTP 401 Unauthorized"))
        await settled(lambda: desk._runs[TrialKind.CANARY].trial.is_over)
        now_s = time.monotonic()
        assert desk.unproven(now_s) == (), "not for too long yet"
        [trouble] = desk.unproven(now_s + 11.0)
        assert trouble.name == "mama"
        assert "HTTP 401 Unauthorized" in trouble.detail
        alert = replace(mama, purpose=Purpose.ALARM, message_id="another")
        desk.note_delivery(report(alert, DeliveryResult.RETRY))
        assert desk.unproven(now_s + 11.0), "an alert that failed proves nothing"
        desk.note_delivery(report(alert))
        assert desk.unproven(now_s + 11.0) == ()
        assert desk.status().targets[1].by is ProvenBy.ALERT

    on(tmp_path, course, SILENT)


def test_a_heart_that_raises_nothing_is_unproven_too(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        found = {each.name for each in desk.unproven(time.monotonic() + 11.0)}
        assert found == {"gateway", "home", "mama"}

    on(tmp_path, course, SILENT)


@pytest.mark.parametrize(
    ("settings", "simulated"),
    [
        (replace(SILENT, proof=replace(SILENT.proof, enabled=False)), False),
        (SILENT, True),
    ],
)
def test_without_canaries_nothing_is_overdue(
    tmp_path: Path, settings: Settings, simulated: bool
) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        assert desk.unproven(time.monotonic() + 1e6) == ()
        assert not desk.status().enabled
        assert desk.health().healthy

    on(tmp_path, course, settings, simulated=simulated)


def test_what_cannot_be_asked_silently_is_no_alarm_and_no_proof(tmp_path: Path) -> None:
    slack, left = target("team", "slack"), target("left")

    async def course(desk: ProofDesk, parts: Any) -> None:
        [home] = await canary_of(desk, parts, "home")
        desk.note_delivery(report(home))
        await settled(lambda: desk._runs[TrialKind.CANARY].trial.is_over)
        assert parts.targets["team"].taken == parts.targets["left"].taken == []
        assert desk.status().whole.age_s is not None
        assert [way.is_silent for way in desk.status().targets] == [True, False, False]
        overdue = {each.name for each in desk.unproven(time.monotonic() + 11.0)}
        assert overdue == set(), "home and the heart were proven, the others cannot be"

    webhooks = (HOME, slack, left)
    on(
        tmp_path,
        course,
        replace(SILENT, webhooks=webhooks, proof=replace(SILENT.proof, leave_out=("left",))),
    )


def test_a_test_takes_the_place_of_a_canary(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        home, _ = await canary_of(desk, parts, "home", "mama")
        begin(desk)
        assert home.message_id in parts.targets["home"].withdrawn
        await settled(lambda: parts.targets["home"].taken[-1].purpose is Purpose.TEST)
        assert desk.status().whole.trouble == ""

    on(tmp_path, course, SILENT)


def test_a_broker_that_promises_nothing_neither_proves_nor_alarms(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        home, broker = await canary_of(desk, parts, "home", "mqtt")
        desk.note_delivery(report(home))
        desk.note_delivery(report(broker, DeliveryResult.RETRY, "the broker refuses it"))
        await settled(lambda: desk._runs[TrialKind.CANARY].trial.is_over)
        assert desk.status().whole.age_s is not None
        later_s = time.monotonic() + 11.0
        assert desk.unproven(later_s) == ()
        [_, way] = desk.status().targets
        assert (way.name, way.trouble, way.is_overdue) == ("mqtt", "the broker refuses it", False)

    settings = replace(SILENT, webhooks=(HOME,), mqtt=MqttSettings(enabled=True))
    on(tmp_path, course, settings)


def test_who_has_just_been_proven_is_not_asked_again(tmp_path: Path) -> None:
    """Services count messages: a target that fails must not use up another's quota."""

    async def course(desk: ProofDesk, parts: Any) -> None:
        home, mama = await canary_of(desk, parts, "home", "mama")
        desk.note_delivery(report(home))
        desk.note_delivery(report(mama, DeliveryResult.RETRY, "HTTP 401 Unauthorized"))
        await settled(lambda: desk._runs[TrialKind.CANARY].trial.is_over)
        first_s = desk._due_s
        parts.targets["mama"].taken.clear()
        [again] = await canary_of(desk, parts, "mama")
        assert len(parts.targets["home"].taken) == 1
        desk.note_delivery(report(again))
        await settled(lambda: desk._runs[TrialKind.CANARY].trial.is_over)
        assert desk.status().whole.age_s is not None, "all of it, within half a period"
        assert desk._due_s > first_s

    on(tmp_path, course, SILENT)


def test_a_canary_that_fails_comes_less_and_less_often(tmp_path: Path) -> None:
    async def course(desk: ProofDesk, parts: Any) -> None:
        waits_s = []
        for _ in range(6):
            parts.targets["home"].taken.clear()
            [home] = await canary_of(desk, parts, "home")
            desk.note_delivery(report(home, DeliveryResult.RETRY, "no"))
            await settled(lambda: desk._runs[TrialKind.CANARY].trial.is_over)
            waits_s.append(round((desk._due_s - time.monotonic()) / 60.0))
        assert waits_s == [1, 2, 4, 8, 15, 15]

    usual = replace(SETTINGS, webhooks=(HOME,))
    on(tmp_path, course, usual)
