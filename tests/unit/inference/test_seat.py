"""A member's seat: loaded late, demoted by whatever is wrong with it, and back when it is sound."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_examples import SHAPES, Clock, install, put, read_manifest, write_manifest

from ecgd.inference.manifest import parse_manifest
from ecgd.inference.seat import AGAIN_S, SELF_TEST_S, SOUND_S, Seat
from ecgd.model.signal import FloatArray
from ecgd.model.status import NetworkState


def state_of(seat: Seat) -> NetworkState:
    """Return the state as it is now."""
    return seat.state


VALUES: FloatArray = np.random.default_rng(5).normal(size=SHAPES["cnn"])


def seat_of(directory: Path, clock: Clock, slow_s: float = inf, name: str = "cnn") -> Seat:
    manifest = parse_manifest((directory / "manifest.json").read_bytes(), "manifest.json")
    return Seat(name, directory, manifest.members[name], slow_s=slow_s, clock=clock)


def test_nothing_is_loaded_before_it_is_tended(tmp_path: Path) -> None:
    clock = Clock()
    seat = seat_of(install(tmp_path), clock)
    assert (seat.state.is_ready, seat.state.demoted) == (False, "")
    assert seat.ask(VALUES) is None
    seat.tend()
    assert seat.state.is_ready
    answer = seat.ask(VALUES)
    assert answer is not None
    assert 0.0 < answer.probability < 1.0


@pytest.mark.parametrize("values", [VALUES[:-1], np.full_like(VALUES, nan), -inf * abs(VALUES)])
def test_what_the_network_was_not_made_for_gets_no_answer(
    tmp_path: Path, values: FloatArray
) -> None:
    seat = seat_of(install(tmp_path), Clock())
    seat.tend()
    assert seat.ask(values) is None
    assert seat.state.is_ready
    assert seat.ask(VALUES) is not None


def other_hash(directory: Path) -> None:
    (directory / "cnn.tflite").write_bytes((directory / "rnn.tflite").read_bytes())


def truncate(directory: Path) -> None:
    path = directory / "cnn.tflite"
    path.write_bytes(path.read_bytes()[:-100])


def garble(directory: Path) -> None:
    put(directory, "cnn", b"no model at all")


def swap(directory: Path) -> None:
    put(directory, "cnn", (directory / "rnn.tflite").read_bytes())


def drift(directory: Path) -> None:
    """Change a weight: the file still loads, but computes something else."""
    content = bytearray((directory / "cnn.tflite").read_bytes())
    manifest = read_manifest(directory)
    vectors = manifest["members"]["cnn"]["golden"]
    vectors[1]["output"] = [figure + 5 for figure in vectors[1]["output"]]
    write_manifest(directory, manifest)
    put(directory, "cnn", bytes(content))


def remove(directory: Path) -> None:
    (directory / "cnn.tflite").unlink()


def replace_by_a_directory(directory: Path) -> None:
    remove(directory)
    (directory / "cnn.tflite").mkdir()


def replace_by_a_pipe(directory: Path) -> None:
    remove(directory)
    os.mkfifo(directory / "cnn.tflite")


def replace_by_something_huge(directory: Path) -> None:
    with (directory / "cnn.tflite").open("wb") as file:
        file.truncate(1 << 40)


def make_for_another_version(directory: Path) -> None:
    """Change nothing but the shape, in file and manifest alike: the file is not looked into."""
    manifest = read_manifest(directory)
    rnn = manifest["members"]["rnn"]
    manifest["members"]["cnn"] = rnn
    write_manifest(directory, manifest)


def fill_with_zeros(directory: Path) -> None:
    path = directory / "cnn.tflite"
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (remove, r"cnn\.tflite cannot be read \(there is no such file"),
        (replace_by_a_directory, "it is no ordinary file"),
        (replace_by_a_pipe, "it is no ordinary file"),
        (replace_by_something_huge, "it is larger than 67108864 bytes"),
        (make_for_another_version, r"inputs of \(1, 30, \d+\), this version .* \(1, 1250, 6\)"),
        (fill_with_zeros, r"cnn\.tflite is damaged or of another version"),
        (other_hash, r"cnn\.tflite is damaged or of another version"),
        (truncate, r"cnn\.tflite is damaged or of another version"),
        (garble, "model cnn is no TFLite file"),
        (swap, r"input: name is .*; shape is \(1, 30, \d+\)"),
        (drift, "model cnn has drifted: golden vector 1 is 5 steps off, 0 are allowed"),
    ],
)
def test_whatever_is_wrong_with_the_file_demotes(
    tmp_path: Path,
    damage: Callable[[Path], object],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    damage(install(tmp_path))
    seat = seat_of(tmp_path, Clock())
    seat.tend()
    assert not seat.state.is_ready
    assert re.search(reason, seat.state.demoted)
    assert seat.ask(VALUES) is None
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_demoted_member_is_tried_again_ever_more_rarely_until_it_is_sound(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    install(tmp_path)
    content = (tmp_path / "cnn.tflite").read_bytes()
    (tmp_path / "cnn.tflite").unlink()
    clock = Clock()
    seat = seat_of(tmp_path, clock)
    seat.tend()
    for wait_s in (*AGAIN_S, AGAIN_S[-1]):
        tried: list[float] = []
        demote = seat._demote

        def count(reason: str, tried: list[float] = tried, demote: Any = demote) -> None:
            tried.append(clock.now_s)
            demote(reason)

        seat._demote = count  # type: ignore[method-assign]
        clock.now_s += wait_s - 1.0
        seat.tend()
        assert not tried
        clock.now_s += 1.0
        seat.tend()
        assert tried
        seat._demote = demote  # type: ignore[method-assign]
    assert len(caplog.records) == 1, "a demotion is logged when it begins"
    (tmp_path / "cnn.tflite").write_bytes(content)
    clock.now_s += AGAIN_S[-1]
    with caplog.at_level(logging.WARNING):
        seat.tend()
    assert seat.state.is_ready
    assert seat.state.demoted == ""
    assert "in service" in caplog.records[-1].message
    assert seat.ask(VALUES) is not None


def test_one_that_is_slow_only_at_work_does_not_come_and_go_every_ten_seconds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    seat = seat_of(install(tmp_path), clock, slow_s=0.030)

    def work() -> None:
        """Let it be slow until it is demoted, then wait until it is back."""
        clock.step_s = 0.040
        while seat.state.is_ready:
            seat.ask(VALUES)
        clock.step_s = 0.0
        while not seat.state.is_ready:
            clock.now_s += 1.0
            seat.tend()

    seat.tend()
    began_s = clock.now_s
    for _ in range(4):
        work()
    assert clock.now_s - began_s >= sum(AGAIN_S[:4])
    clock.now_s += SOUND_S
    began_s = clock.now_s
    work()
    assert clock.now_s - began_s < 2 * AGAIN_S[0], "it was sound for an hour in between"


def test_too_slow_three_times_in_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    seat = seat_of(install(tmp_path), clock, slow_s=0.030)
    seat.tend()
    model = seat._model
    assert model is not None
    quick, slow = iter([0.001] * 99), iter([0.040] * 99)

    def take(durations: Any) -> Callable[[FloatArray], Any]:
        def answer(values: FloatArray) -> Any:
            clock.now_s += next(durations)
            return type(model).answer(model, values)

        return answer

    for durations, count in ((slow, 2), (quick, 1), (slow, 2)):
        monkeypatch.setattr(model, "answer", take(durations))
        for _ in range(count):
            assert seat.ask(VALUES) is not None, "a slow answer is an answer"
    assert state_of(seat).is_ready, "never three in a row"
    assert seat.ask(VALUES) is not None
    assert not state_of(seat).is_ready
    assert seat.state.demoted == "too slow 3 times in a row: 40 ms, 30 ms are allowed"
    assert seat.ask(VALUES) is None
    clock.now_s += AGAIN_S[0]
    seat.tend()
    assert seat.state.is_ready


def test_a_network_that_is_slow_in_every_run_of_its_trial_is_not_taken(tmp_path: Path) -> None:
    seat = seat_of(install(tmp_path), Clock(step_s=0.050), slow_s=0.030)
    seat.tend()
    assert seat.state.demoted == "too slow 3 times in a row: 50 ms, 30 ms are allowed"


def test_a_runtime_that_fails_demotes(tmp_path: Path) -> None:
    clock = Clock()
    seat = seat_of(install(tmp_path), clock)
    seat.tend()

    def fail(values: FloatArray) -> Any:
        raise RuntimeError("node number 3 failed to invoke")

    assert seat._model is not None
    seat._model.answer = fail  # type: ignore[method-assign]
    assert seat.ask(VALUES) is None
    assert seat.state.demoted == "failed (RuntimeError: node number 3 failed to invoke)"
    clock.now_s += AGAIN_S[0]
    seat.tend()
    assert seat.ask(VALUES) is not None, "it was loaded anew"


def test_a_member_in_service_is_tried_now_and_then(tmp_path: Path) -> None:
    clock = Clock()
    seat = seat_of(install(tmp_path), clock)
    seat.tend()
    assert seat._model is not None
    seat._model.run = lambda tensor: np.zeros((1, 5), dtype=np.int8)  # type: ignore[method-assign]
    clock.now_s += SELF_TEST_S - 1.0
    seat.tend()
    assert seat.state.is_ready
    clock.now_s += 1.0
    seat.tend()
    assert "has drifted" in seat.state.demoted
