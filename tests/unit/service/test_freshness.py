"""Nothing is raised from stale data: what was held up on the line says nothing about now."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from itertools import count
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from sample_daemon import sample_assessment

from ecgd.config.settings import PatientSettings, Settings
from ecgd.model.device import DeviceInfo
from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened
from ecgd.protocol import BlockEncoder
from ecgd.service.parts import Parts
from ecgd.service.session import PatientSession

DEVICE = DeviceInfo("node-1", 250.0, ("I", "II"), counts_per_mv=400.0)
ANALYSIS_S = 0.05


class Line:
    """A device whose samples may arrive later than they were measured."""

    def __init__(self, source: str = "serial:///x") -> None:
        ids = count()
        patient = PatientSettings(id="anna", name="Anna", source=source)
        self.session = PatientSession(
            patient, Settings(), phase_s=0.0, new_alert_id=lambda: f"a{next(ids)}", now_s=0.0
        )
        self.encoder = BlockEncoder()
        self.measured_s = 0.0
        self.session.receive(LinkOpened(0.0))
        self.session.receive(BytesReceived(self.encoder.hello(DEVICE), 0.0))

    def measure(self, seconds: float) -> bytes:
        self.measured_s += seconds
        quiet = np.zeros((2, 25), dtype=np.int32)
        return b"".join(self.encoder.samples(quiet) for _ in range(round(seconds * 10)))

    def arrive(self, packets: bytes, at_s: float) -> None:
        self.session.receive(BytesReceived(packets, at_s))

    def live(self, from_s: float, to_s: float) -> None:
        for tenth in range(round(from_s * 10), round(to_s * 10)):
            self.arrive(self.measure(0.1), tenth / 10 + 0.1)

    def is_stale(self, arrived_s: float, now_s: float | None = None) -> bool:
        window = replace(sample_assessment(), arrived_s=arrived_s)
        concluded_s = arrived_s + ANALYSIS_S if now_s is None else now_s
        return self.session.freshness.is_stale(window, concluded_s)


def test_what_comes_as_it_is_measured_is_of_now() -> None:
    line = Line()
    line.live(0.0, 15.0)
    assert not line.is_stale(15.0)


@pytest.mark.parametrize("held_s", [1.5, 5.0, 9.5])
def test_a_radio_that_holds_samples_up_for_a_while_costs_nothing(held_s: float) -> None:
    line = Line()
    line.live(0.0, 15.0)
    line.arrive(line.measure(held_s), 15.0 + held_s)
    assert not line.is_stale(15.0 + held_s)


def test_a_backlog_after_a_cut_is_stale_and_what_follows_is_not() -> None:
    line = Line()
    line.live(0.0, 15.0)
    line.session.receive(LinkClosed(15.0, "gone", retry_s=1.0))
    line.session.receive(LinkOpened(55.0))
    line.arrive(line.encoder.hello(DEVICE), 55.0)
    for _ in range(8):
        line.arrive(line.measure(5.0), 55.0)
    assert line.is_stale(55.0)
    line.live(55.0, 57.0)
    assert line.is_stale(55.9)
    assert not line.is_stale(56.1)


def test_a_backlog_that_comes_four_times_as_fast_is_stale_to_its_end() -> None:
    line = Line()
    line.live(0.0, 15.0)
    now_s = 55.0
    while line.measured_s < now_s:
        line.arrive(line.measure(0.4), now_s)
        now_s += 0.1
    assert line.is_stale(now_s - 0.1)
    line.live(now_s, now_s + 3.0)
    assert not line.is_stale(now_s + 3.0)


def test_a_window_that_was_judged_while_the_daemon_stood_still_is_stale() -> None:
    line = Line()
    line.live(0.0, 15.0)
    assert line.is_stale(15.0, now_s=55.0)


def test_a_recording_may_be_played_faster_than_it_was_made() -> None:
    line = Line("replay:recording?speed=100")
    for second in range(60):
        line.arrive(line.measure(5.0), second * 20.0)
        assert not line.is_stale(second * 20.0)


@pytest.mark.parametrize(("age_s", "heard"), [(0.1, True), (11.0, False)])
def test_a_stale_answer_of_the_analysis_reaches_no_alarm(age_s: float, heard: bool) -> None:
    line = Line()
    concluded: list[str] = []

    class ReachedError(Exception):
        """The answer has come to the alarms."""

    def conclude(patient_id: str, assessment: object) -> None:
        concluded.append(patient_id)
        raise ReachedError

    parts = SimpleNamespace(
        sessions={"anna": line.session}, capsules=SimpleNamespace(concluding=conclude)
    )
    window = replace(sample_assessment(), origin=0, arrived_s=time.monotonic() - age_s)
    with pytest.raises(ReachedError) if heard else nullcontext():
        Parts.conclude(cast(Any, parts), "anna", window)
    assert bool(concluded) == heard
