from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from ecgd.config.location import LocationSettings
from ecgd.errors import SourceError
from ecgd.model.position import Position
from ecgd.service import whereabouts
from ecgd.service.whereabouts import Whereabouts

GPSD = LocationSettings(source="gpsd", age_max_s=600.0, accuracy_max_m=200.0)
HERE = Position(52.52, 13.405, 17.0, receiver_time="12:00:01")
LOCATED = b'{"type":"ecgd.alert","data":{"location":"Main Street 1"}}'

Said = Position | Exception | None


class Receiver:
    """gpsd that says these things one after the other, then nothing; ``now_s`` is the clock."""

    def __init__(
        self, *said: Said, settings: LocationSettings = GPSD, fixed: str = "Elm 3"
    ) -> None:
        self.said = list(said)
        self.now_s = 1000.0
        self.asked = 0
        self.place = Whereabouts(
            settings, fixed, monotonic=lambda: self.now_s, follow=lambda *_: self.follow()
        )

    async def follow(self) -> AsyncGenerator[Position | None, None]:
        self.asked += 1
        while self.said:
            one = self.said.pop(0)
            if isinstance(one, Exception):
                raise one
            yield one
        await asyncio.sleep(60)

    def hear(self) -> Whereabouts:
        """Let the loop run until everything was said."""

        async def listen() -> None:
            task = asyncio.create_task(self.place.run())
            async with asyncio.timeout(10):
                while self.said and not task.done():
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0.005)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(listen())
        return self.place


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whereabouts, "FIRST_PAUSE_S", 0.001)


def health(place: Whereabouts) -> tuple[bool, str]:
    part = place.health()
    assert part is not None
    return part.healthy, part.detail


def test_a_fixed_place_is_followed_by_nothing() -> None:
    place = Receiver(HERE, settings=LocationSettings()).hear()
    assert place.health() is None
    assert place.placed(LOCATED) == LOCATED


def test_a_position_is_known_with_its_age() -> None:
    receiver = Receiver(None, HERE)
    place = receiver.hear()
    receiver.now_s += 42.0
    assert place.position() == replace(HERE, age_s=42.0)
    data = json.loads(place.placed(LOCATED))["data"]
    assert (data["position"]["latitude_deg"], data["position"]["age_s"]) == (52.52, 42.0)
    assert health(place) == (True, "position known within 17 m")


@pytest.mark.parametrize(
    ("position", "later_s", "why"),
    [
        (HERE, 600.1, "the receiver has lost its position"),
        (replace(HERE, accuracy_m=201.0), 0.0, "the position is known within 201 m only"),
        (None, 0.0, "the receiver has no position yet"),
    ],
)
def test_what_is_too_old_or_too_vague_is_not_told(
    position: Position | None, later_s: float, why: str
) -> None:
    receiver = Receiver(position)
    place = receiver.hear()
    receiver.now_s += later_s
    assert place.position() is None
    assert place.placed(LOCATED) == LOCATED
    assert health(place) == (False, f"{why}: alarms.location is told instead")


def test_a_receiver_that_repeats_itself_grows_old() -> None:
    receiver = Receiver(HERE)
    receiver.hear()
    receiver.now_s += 599.0
    receiver.said = [HERE]
    place = receiver.hear()
    receiver.now_s += 2.0
    assert place.position() is None
    receiver.said = [replace(HERE, receiver_time="12:10:02")]
    assert receiver.hear().position() is not None


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (ConnectionRefusedError(111, "x"), "connection refused"),
        (TimeoutError(), "no answer"),
        (ConnectionResetError("gpsd has hung up"), "it has hung up"),
        (SourceError("h:1 sends what is no line of gpsd"), "h:1 sends what is no line of gpsd"),
        (OSError(-2, "Name or service not known"), "there is no such host"),
        (UnicodeError("label empty or too long"), "there is no such host"),
    ],
)
def test_a_line_that_fails_is_said_and_tried_again(trouble: Exception, words: str) -> None:
    receiver = Receiver(trouble, trouble, HERE, trouble)
    place = receiver.hear()
    assert receiver.asked >= 3
    assert place.position() == HERE
    assert health(place) == (False, f"position known within 17 m; {words}")
    unknown = Receiver(trouble, fixed="").hear()
    assert health(unknown) == (False, f"{words}: no place can be told")


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "no such host", "\x00", "127.0.0.1"])
def test_no_host_whatever_ends_it(host: str) -> None:
    place = Whereabouts(LocationSettings(source="gpsd", host=host, port=1))

    async def listen() -> None:
        task = asyncio.create_task(place.run())
        async with asyncio.timeout(10):
            while "not asked yet" in health(place)[1]:
                await asyncio.sleep(0.001)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(listen())
    assert not health(place)[0]


def test_no_coordinate_is_logged_or_in_the_status(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receiver = Receiver(TimeoutError(), HERE, ConnectionResetError("x"), HERE)
    place = receiver.hear()
    assert "gpsd at localhost:2947 is heard" in caplog.text
    assert "gpsd at localhost:2947: no answer" in caplog.text
    for figure in ("52.5", "13.4"):
        assert figure not in caplog.text
        assert figure not in str(place.health())
