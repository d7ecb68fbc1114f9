"""Whatever order receipts come in: a trial ends, and never says "proven" of what was not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ecgd.decision import trial as course
from ecgd.model.proof import LOCAL_STEPS, StepState, Trial, TrialKind

TARGETS = ("home", "phone", "stored")
LIMIT_S = 30.0
NAMES = st.sampled_from([*LOCAL_STEPS, *TARGETS, "stranger"])
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["done", "failed", "left out", "waits", "remark", "look"]),
        NAMES,
        st.booleans(),
        st.floats(0.0, 5.0),
    ),
    max_size=40,
)


def stepped(trial: Trial, what: str, name: str, *, is_target: bool, now_s: float) -> Trial:
    match what:
        case "done":
            return course.succeed(trial, name, now_s, "ok", is_target=is_target)
        case "failed":
            return course.fail(trial, name, now_s, "no", is_target=is_target)
        case "left out":
            return course.leave_out(trial, name, "none", is_target=is_target)
        case "waits":
            return course.wait_on(trial, name, "later", is_target=is_target)
        case "remark":
            return course.remark(trial, name)
    return course.conclude(trial, now_s, LIMIT_S)


@given(EVENTS)
def test_it_ends_in_time_and_proves_only_what_succeeded(
    events: list[tuple[str, str, bool, float]],
) -> None:
    now_s = 50.0
    trial = course.begin("t", TrialKind.CANARY, "x", now_s=now_s, unix_s=0.0, targets=TARGETS)
    known = {(step.name, step.is_target) for step in trial.steps}
    first: dict[tuple[str, bool], str] = {}
    for what, name, is_target, passed_s in events:
        now_s += passed_s
        was_over = trial.is_over
        before = trial
        trial = stepped(trial, what, name, is_target=is_target, now_s=now_s)
        if was_over:
            assert trial == before
        elif what in ("done", "failed", "left out") and (name, is_target) in known:
            first.setdefault((name, is_target), what)
    last_s = max(now_s, 50.0 + LIMIT_S)
    over = course.conclude(trial, last_s, LIMIT_S)
    assert over.is_over
    assert all(step.state is not StepState.WAITING for step in over.steps)
    for step in over.steps:
        said = first.get((step.name, step.is_target))
        assert (step.state is StepState.DONE) == (said == "done"), step
    wanted = {key for key in known if first.get(key) != "left out"}
    assert over.is_proven == (bool(wanted) and all(first.get(key) == "done" for key in wanted))
