"""``docs/api.md`` names every type, field, kind and limit of the streams."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sample_daemon import CLOCK, sample_alarm, sample_assessment, sample_patient, sample_status

from ecgd.model.alarm import AlarmChange, ChangeKind, DeliveryResult
from ecgd.model.link import LinkState
from ecgd.model.live import EventKind, LiveEvent, LiveItem, LiveSamples, LiveState, Missed
from ecgd.service.live import EVENTS_KEPT
from ecgd.service.live_events import alarm_happening, link_happening
from ecgd.service.live_stream import BYTES_MAX
from ecgd.web.envelope import Envelope
from ecgd.web.json_shape import Shape
from ecgd.web.stream_gateway import MAX_STREAMS
from ecgd.web.stream_routes import ALIVE_S, BUCKET_MAX, STUCK_S
from ecgd.web.stream_shape import hello_shape, item_shape

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
STREAMS = TEXT.partition("## Streams\n")[2].partition("\n## ")[0]
NAMED = set(re.findall(r"`([^`\n]+)`", STREAMS))
WORDS = set(re.findall(r"\w+", STREAMS))


def _samples() -> LiveSamples:
    return LiveSamples(0, 0, 250.0, ("I",), np.zeros((1, 4)), np.ones(4, dtype=np.bool_), 1.0)


def _event(kind: EventKind) -> LiveEvent:
    alarm = sample_alarm() if kind is EventKind.ALARM else None
    return LiveEvent(1, kind, "change", 1.0, 1.0, "p1", "Ada", "message", alarm=alarm)


def _shapes() -> list[Shape]:
    items: list[LiveItem] = [
        _samples(),
        _event(EventKind.LINK),
        _event(EventKind.ALARM),
        LiveState(1.0, sample_patient(), None, None),
        sample_assessment(),
        Missed(3),
    ]
    shapes = [item_shape(item, CLOCK) for item in items]
    shapes.append(hello_shape(sample_status(), sample_patient(), CLOCK))
    return [*shapes, *Envelope(4).take(_samples())]


@pytest.mark.parametrize("shape", _shapes(), ids=lambda shape: str(shape["type"]))
def test_every_type_and_field_is_described(shape: Shape) -> None:
    assert shape["type"] in NAMED
    named = NAMED if shape["type"] != "assessment" else set(re.findall(r"`(\w+)`", TEXT))
    assert sorted(set(shape) - {"type"} - named) == []


def test_the_routes_own_types_are_described() -> None:
    assert {"alive", "end", "reason", "run_id"} <= NAMED


def test_every_kind_and_change_of_an_event_is_described() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| ([^|]+) \|", STREAMS, re.MULTILINE))
    assert {kind.value for kind in EventKind} <= set(rows)
    links = {link_happening(state, "").change for state in LinkState}
    assert links == set(re.findall(r"\w+", rows["link"]))
    kinds = [kind for kind in ChangeKind if kind is not ChangeKind.UPDATED]
    alarms = {alarm_happening(AlarmChange(kind, sample_alarm())).change for kind in kinds}
    assert alarms == set(re.findall(r"\w+", rows["alarm"]))
    assert {result.value for result in DeliveryResult} == set(re.findall(r"\w+", rows["delivery"]))


def test_the_limits_are_the_codes() -> None:
    assert f"At most {MAX_STREAMS} are open" in STREAMS
    assert f"last {EVENTS_KEPT} events" in STREAMS
    assert f"where {BYTES_MAX} bytes wait" in STREAMS
    assert f"1 to {BUCKET_MAX}" in STREAMS
    assert f"nothing for {STUCK_S:g} s" in STREAMS
    assert f"for {ALIVE_S:g} s" in STREAMS
