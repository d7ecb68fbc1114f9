"""ecgctl alerts test: what is printed, and with which status it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sample_daemon import CLOCK, FakeGateway, sample_status, serving
from sample_trials import sample_trial

from ecgd.cli import trial as command
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.main import cli
from ecgd.cli.proven_words import proven_words
from ecgd.cli.trial import succeeded
from ecgd.model.proof import StepState, Trial
from ecgd.web.json_shape import status_shape
from ecgd.web.trial_routes import trial_shape


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[FakeGateway]:
    gateway = FakeGateway()
    with serving(gateway, tmp_path / "s"):
        yield gateway


def run(tmp_path: Path, *words: str) -> Result:
    line = ["alerts", "test", "--by", "anna", "--socket", str(tmp_path / "s"), *words]
    return CliRunner().invoke(cli, line)


def without_failure() -> Trial:
    trial = sample_trial()
    steps = tuple(step for step in trial.steps if step.state is not StepState.FAILED)
    return replace(trial, steps=steps, remarks=())


def test_every_step_is_said_once_and_what_to_do(gateway: FakeGateway, tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == ExitCode.ATTENTION
    lines = result.output.splitlines()
    assert lines[0].startswith("TEST, no real alarm: by anna")
    assert [line.split()[0] for line in lines[1:5]] == ["mama", "analysed", "home", "dead"]
    assert "  dead              5.30  FAILED: connection refused" in lines
    assert "! a real alarm began after 1.2 s" in lines
    assert "! dead: mend it" in lines
    assert lines[-1] == "FAILED: dead"


def test_all_is_well(gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway.trials, "newest_test", without_failure)
    monkeypatch.setattr(gateway.trials, "start_test", lambda *_, **__: without_failure())
    result = run(tmp_path)
    assert result.exit_code == ExitCode.FINE
    assert result.output.splitlines()[-1] == "everything that is configured works, 5.3 s in all"


def test_json_is_the_test_and_nothing_else(gateway: FakeGateway, tmp_path: Path) -> None:
    result = run(tmp_path, "--json")
    assert result.exit_code == ExitCode.ATTENTION
    assert json.loads(result.output)["test_id"] == sample_trial().trial_id


def test_a_daemon_that_forgets_the_test_has_proved_nothing(
    gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.trials, "newest_test", lambda: None)
    result = run(tmp_path)
    assert result.exit_code == ExitCode.ERROR
    assert "restarted in the middle of the test" in result.output


def test_another_test_in_its_place_proves_nothing(
    gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(without_failure(), trial_id="another")
    monkeypatch.setattr(gateway.trials, "newest_test", lambda: other)
    assert run(tmp_path).exit_code == ExitCode.ERROR


def test_a_daemon_that_never_ends_it_is_given_up(
    gateway: FakeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "GRACE_S", -30.0)
    monkeypatch.setattr(gateway.trials, "newest_test", lambda: sample_trial(ended_s=None))
    result = run(tmp_path)
    assert result.exit_code == ExitCode.ERROR
    assert "does not end the test" in result.output


D, F, L = StepState.DONE, StepState.FAILED, StepState.LEFT_OUT


def shape(pins: StepState, *targets: StepState) -> dict[str, Any]:
    like = sample_trial().steps[0]
    steps = (
        replace(like, name="stored"),
        replace(like, name="pins", state=pins),
        *(
            replace(like, name=f"target{number}", is_target=True, state=state)
            for number, state in enumerate(targets)
        ),
    )
    return trial_shape(replace(sample_trial(), steps=steps))


@pytest.mark.parametrize(
    ("pins", "targets", "fine"),
    [
        (D, (), True),
        (L, (), False),
        (D, (D,), True),
        (L, (D,), True),
        (D, (D, L), True),
        (D, (L,), False),
        (F, (D,), False),
        (D, (D, F), False),
    ],
)
def test_it_is_fine_only_if_a_person_was_reached_and_nothing_failed(
    pins: StepState, targets: tuple[StepState, ...], fine: bool
) -> None:
    assert succeeded(shape(pins, *targets)) == fine


def test_status_says_when_a_target_was_proven() -> None:
    status = status_shape(sample_status(), CLOCK)
    words = proven_words(status, "relatives")
    assert words == "; proven 33 min ago by alert, before this start, too long ago"
    assert proven_words(status, "nobody") == ""
    assert proven_words(status | {"proof": None}, "relatives") == ""
