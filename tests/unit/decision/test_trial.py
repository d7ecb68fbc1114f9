"""A trial's steps: each ends once, and only what was seen to succeed is proven."""

from __future__ import annotations

import pytest

from ecgd.decision import trial as course
from ecgd.model.proof import (
    ANALYSED,
    LOCAL_STEPS,
    STORED,
    StepState,
    Trial,
    TrialKind,
)


def begun(*targets: str, extra: tuple[str, ...] = ()) -> Trial:
    return course.begin(
        "t1", TrialKind.TEST, "anna", now_s=100.0, unix_s=5.0, targets=targets, extra=extra
    )


def with_local(trial: Trial) -> Trial:
    for name in LOCAL_STEPS:
        trial = course.succeed(trial, name, 100.5)
    return trial


def states(trial: Trial) -> dict[str, StepState]:
    return {step.name: step.state for step in trial.steps}


def test_it_is_proven_once_everything_has_succeeded_and_not_before() -> None:
    trial = with_local(begun("home"))
    assert not course.conclude(trial, 101.0, 30.0).is_over
    done = course.succeed(trial, "home", 102.0, "HTTP 200 OK", is_target=True)
    assert not done.is_proven, "it has not been concluded"
    over = course.conclude(done, 102.0, 30.0)
    assert (over.is_proven, over.ended_s) == (True, 2.0)
    assert [step.at_s for step in over.steps] == [0.5, 0.5, 0.5, 0.5, 2.0]


def test_what_waits_when_time_is_up_has_failed_and_says_what_to_do() -> None:
    trial = course.wait_on(with_local(begun("home")), "home", "connection refused", is_target=True)
    over = course.conclude(trial, 130.0, 30.0)
    home = over.steps[-1]
    assert (over.is_over, over.is_proven, home.state) == (True, False, StepState.FAILED)
    assert home.detail == "nothing came of it within 30 s: connection refused"
    assert home.remedy == course.CHECK_TARGET


def test_a_receipt_after_the_end_changes_nothing() -> None:
    over = course.conclude(with_local(begun("home")), 130.0, 30.0)
    late = course.succeed(over, "home", 131.0, is_target=True)
    assert late is over
    assert course.remark(over, "late") is over
    assert course.conclude(over, 999.0, 30.0) is over


@pytest.mark.parametrize("first", ["succeed", "fail", "leave out"])
def test_a_step_ends_once(first: str) -> None:
    trial = begun("home")
    if first == "succeed":
        ended = course.succeed(trial, "home", 101.0, is_target=True)
    elif first == "fail":
        ended = course.fail(trial, "home", 101.0, "no", is_target=True)
    else:
        ended = course.leave_out(trial, "home", "no", is_target=True)
    assert course.succeed(ended, "home", 105.0, "again", is_target=True) == ended
    assert course.fail(ended, "home", 105.0, "again", is_target=True) == ended
    assert course.wait_on(ended, "home", "again", is_target=True) == ended


def test_a_target_that_is_called_as_a_step_is_another() -> None:
    trial = course.succeed(begun("stored"), "stored", 101.0, is_target=True)
    mine = [step.state for step in trial.steps if step.name == STORED]
    assert mine == [StepState.WAITING, StepState.DONE]


def test_a_stranger_proves_nothing() -> None:
    trial = with_local(begun("home"))
    assert course.succeed(trial, "somebody", 101.0, is_target=True) == trial
    assert course.succeed(trial, "home", 101.0) == trial, "no step of the gateway has this name"


def test_what_is_left_out_neither_proves_nor_stands_in_the_way() -> None:
    trial = course.leave_out(with_local(begun("mama")), "mama", "no test target", is_target=True)
    assert course.conclude(trial, 101.0, 30.0).is_proven
    nothing = begun("mama")
    for step in nothing.steps:
        nothing = course.leave_out(nothing, step.name, "-", is_target=step.is_target)
    assert not course.conclude(nothing, 101.0, 30.0).is_proven, "nothing was tried"


def test_a_failed_step_is_never_proven_whatever_the_others_say() -> None:
    trial = course.fail(with_local(begun("home")), "home", 101.0, "HTTP 410", is_target=True)
    over = course.conclude(trial, 101.0, 30.0)
    assert (over.is_over, over.is_proven) == (True, False)


def test_remarks_are_said_once() -> None:
    trial = course.remark(course.remark(begun(), "a"), "a")
    assert trial.remarks == ("a",)
    assert states(trial)[ANALYSED] is StepState.WAITING
