"""A patient's stream as the daemon tells it, for tests of the bedside view."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from sample_daemon import CLOCK, NOW_MONO_S, sample_assessment, sample_patient, sample_status

from ecgd.cli.live_monitor import Monitor
from ecgd.model.leads import LIMB_LEADS
from ecgd.web.json_shape import assessment_shape
from ecgd.web.stream_shape import hello_shape

Json = dict[str, Any]

FS_HZ = 250.0
NOW_S = 5_000.0
"""This program's clock; the daemon's shows NOW_MONO_S at the same moment."""

SHIFT_S = NOW_S - NOW_MONO_S


def hello(name: str = "Ada Example") -> Json:
    return hello_shape(sample_status(), replace(sample_patient(), name=name), CLOCK)


def samples(
    start_index: int, count: int, *, now_s: float = NOW_S, origin: int = 0, peak_mv: float = 1.0
) -> Json:
    """A beat a second: one sample of ``peak_mv`` on a flat line of 0 mV, lead by lead higher."""
    rows = {
        lead: [
            peak_mv * (1 + place / 10) if index % round(FS_HZ) == 100 else 0.0
            for index in range(start_index, start_index + count)
        ]
        for place, lead in enumerate(LIMB_LEADS)
    }
    return {
        "type": "samples",
        "origin": origin,
        "start_index": start_index,
        "fs_hz": FS_HZ,
        "arrived_mono_s": now_s - SHIFT_S,
        "mv": rows,
    }


def assessment(now_s: float = NOW_S) -> Json:
    shape = assessment_shape(sample_assessment(), 0.0)
    assert shape is not None
    return {"type": "assessment", "arrived_mono_s": now_s - SHIFT_S} | shape


def state(now_s: float = NOW_S, **patient: Any) -> Json:
    told = hello()["patient"] | patient
    return {
        "type": "state",
        "mono_s": now_s - SHIFT_S,
        "audio_paused_s": None,
        "sounding": None,
        "patient": told,
    }


def monitor_at_work(seconds_s: int = 6) -> Monitor:
    """A monitor that has been told of some seconds until ``NOW_S``."""
    monitor = Monitor()
    monitor.take(hello(), NOW_S)
    for block in range(math.ceil(seconds_s * 10)):
        monitor.take(samples(25 * block, 25), NOW_S)
    monitor.take(assessment(), NOW_S)
    monitor.take(state(), NOW_S)
    return monitor
