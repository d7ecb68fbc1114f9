"""What a capsule writes of a value gives exactly that value again, and nothing that could run."""

from __future__ import annotations

import json
import math
from collections import deque
from typing import Any

import numpy as np
import pytest

from ecgd.config.settings import DeviceSettings, Settings
from ecgd.errors import CapsuleError
from ecgd.model.finding import Domain, EventType, Finding, Severity
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import Intake
from ecgd.service.exact_plain import from_plain, to_plain


def there_and_back(value: Any) -> Any:
    return from_plain(json.loads(json.dumps(to_plain(value))))


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -0.0,
        0.1 + 0.2,
        5e-324,
        math.inf,
        "ö\n",
        b"\x00\xff",
        bytearray(b"ab"),
        (1, (2.5, "x")),
        [1, [2]],
        {1: "a", "b": (2,)},
        {3, 4},
        frozenset({EventType.STEMI_DETECTED, EventType.PAUSE}),
        deque([1, 2], maxlen=3),
        Finding(EventType.PAUSE, Severity.HIGH, Domain.HEART, evidence=("3.1 s",)),
        Settings().analysis,
    ],
)
def test_a_value_comes_back(value: Any) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)
    assert sorted(repr(back)) == sorted(repr(value)), "a set has no order of its own"


def test_no_number_is_one_too() -> None:
    assert math.isnan(there_and_back(math.nan))


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "bool", "complex64"])
def test_an_array_comes_back_as_it_lay_in_memory(dtype: str) -> None:
    whole = (np.arange(24) % 5).reshape(4, 6).astype(dtype)
    for array in (whole, whole.T, whole[:, ::2], whole[1:3, 1:4], whole[:0]):
        back = there_and_back(array)
        assert back.dtype == array.dtype
        assert back.tobytes() == array.tobytes()
        if array.size:
            assert back.strides == array.strides or array.flags.c_contiguous
        assert back.flags.writeable


def test_a_number_of_numpy_keeps_its_kind() -> None:
    back = there_and_back(np.float32(0.1))
    assert type(back) is np.float32
    assert back == np.float32(0.1)


def test_what_reads_a_line_comes_back_and_goes_on() -> None:
    device = DeviceSettings(protocol="six-lead", counts_per_mv=200.0)
    intake = Intake(Settings().analysis, device, phase_s=0.25)
    assert to_plain(there_and_back(intake)) == to_plain(intake)
    assert there_and_back(History()).score_watch.time_s == -math.inf


@pytest.mark.parametrize("value", [print, object(), np.array([object()]), 3 + 4j])
def test_what_has_no_exact_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="has no exact form"):
        to_plain(value)


@pytest.mark.parametrize(
    "plain",
    [
        {"=": "os:system", "v": {}},
        {"=": "service.daemon:Daemon", "v": {}},
        {"=": "config.settings:os", "v": {}},
        {"=": "model.signal:np", "v": {}},
        {"=": "model.nothing:Nothing", "v": {}},
        {"=": "model.finding:Finding", "v": {"lead": 1}},
        {"=": "pipeline.ring:Ring", "v": {"__class__": None}},
        {"e": "model.finding:Severity", "v": "WORSE"},
        {"e": "model.finding:Finding", "v": "HIGH"},
        {"a": ["|O", [1], ""]},
        {"a": ["<f8", [2], "AAAA"]},
        {"a": ["<f8", [2, 1], "AAAAAAAAAAAAAAAAAAAAAA==", [1 << 40, 8]]},
        {"b": "not base64!"},
        {"x": 1},
        {},
    ],
)
def test_what_was_not_written_by_this_is_refused(plain: Any) -> None:
    with pytest.raises(CapsuleError):
        from_plain(plain)
