"""How a trial goes on: pure steps from what was seen to what is proven. Time is passed in.

A step ends once and never again, a trial too: a receipt that comes late, twice, or of a target that
was not asked changes nothing. What is not known to have succeeded when time is up has failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from ecgd.model.proof import LOCAL_STEPS, Step, StepState, Trial, TrialKind

LATE = "nothing came of it within {waited_s:.0f} s"
CHECK_TARGET = "check its address, its secret file and the network; see docs/phones.md"


def begin(
    trial_id: str,
    kind: TrialKind,
    by: str,
    *,
    now_s: float,
    unix_s: float,
    targets: Iterable[str] = (),
    extra: Iterable[str] = (),
) -> Trial:
    """Return a trial with every step still to come; ``extra`` are steps behind the targets."""
    steps = (
        *(Step(name) for name in LOCAL_STEPS),
        *(Step(name, is_target=True) for name in targets),
        *(Step(name) for name in extra),
    )
    return Trial(trial_id, kind, by, now_s, unix_s, steps)


def succeed(
    trial: Trial, name: str, now_s: float, detail: str = "", *, is_target: bool = False
) -> Trial:
    """Note that a step has succeeded."""
    return _settle(trial, name, now_s, StepState.DONE, (detail, ""), is_target=is_target)


def fail(
    trial: Trial,
    name: str,
    now_s: float,
    detail: str,
    remedy: str = "",
    *,
    is_target: bool = False,
) -> Trial:
    """Note that a step has failed, why, and what to do."""
    return _settle(trial, name, now_s, StepState.FAILED, (detail, remedy), is_target=is_target)


def leave_out(
    trial: Trial, name: str, detail: str, remedy: str = "", *, is_target: bool = False
) -> Trial:
    """Note that there is nothing to try."""
    words = (detail, remedy)
    return _settle(trial, name, None, StepState.LEFT_OUT, words, is_target=is_target)


def wait_on(trial: Trial, name: str, detail: str, *, is_target: bool = False) -> Trial:
    """Note why a step takes longer; it goes on."""
    return _changed(trial, name, is_target, lambda step: replace(step, detail=detail))


def remark(trial: Trial, words: str) -> Trial:
    """Note something that a person should know, once."""
    if trial.is_over or words in trial.remarks:
        return trial
    return replace(trial, remarks=(*trial.remarks, words))


def conclude(trial: Trial, now_s: float, limit_s: float) -> Trial:
    """End a trial of which every step has ended, or whose time is up: what is open has failed."""
    waited_s = now_s - trial.begun_s
    is_open = any(step.state is StepState.WAITING for step in trial.steps)
    if trial.is_over or (is_open and waited_s < limit_s):
        return trial
    return replace(trial, steps=tuple(_expired(s, waited_s) for s in trial.steps), ended_s=waited_s)


def _expired(step: Step, waited_s: float) -> Step:
    if step.state is not StepState.WAITING:
        return step
    late = LATE.format(waited_s=waited_s)
    detail = f"{late}: {step.detail}" if step.detail else late
    remedy = step.remedy or (CHECK_TARGET if step.is_target else "")
    return replace(step, state=StepState.FAILED, at_s=waited_s, detail=detail, remedy=remedy)


def _settle(
    trial: Trial,
    name: str,
    now_s: float | None,
    state: StepState,
    words: tuple[str, str],
    *,
    is_target: bool,
) -> Trial:
    at_s = None if now_s is None else max(0.0, now_s - trial.begun_s)
    detail, remedy = words

    def settled(step: Step) -> Step:
        return replace(step, state=state, at_s=at_s, detail=detail, remedy=remedy)

    return _changed(trial, name, is_target, settled)


def _changed(trial: Trial, name: str, is_target: bool, change: Callable[[Step], Step]) -> Trial:
    """Change a step that waits, of a trial that is not over."""
    if trial.is_over:
        return trial
    steps = tuple(
        change(step)
        if (step.name, step.is_target, step.state) == (name, is_target, StepState.WAITING)
        else step
        for step in trial.steps
    )
    return replace(trial, steps=steps)
