"""Where the gateway is at this moment: held in memory alone, and told to nobody by itself."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from ecgd.alerts.payload import with_position
from ecgd.config.location import LocationSettings
from ecgd.config.settings import Settings
from ecgd.errors import SourceError
from ecgd.model.position import Position
from ecgd.model.status import PartHealth
from ecgd.service.logs import log_event
from ecgd.sources.gpsd import follow_gpsd

_log = logging.getLogger(__name__)

PART: Final = "location"
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0

Follow = Callable[[str, int], AsyncGenerator[Position | None, None]]


class Whereabouts:
    """Follows gpsd in the loop; ``position`` may be asked from any thread.

    No coordinate goes into a log, the status or a file: the place is for whoever is sent out.
    """

    def __init__(
        self,
        settings: LocationSettings,
        fixed: str = "",
        *,
        monotonic: Callable[[], float] = time.monotonic,
        follow: Follow = follow_gpsd,
    ) -> None:
        self._settings = settings
        self._fixed = fixed
        self._monotonic = monotonic
        self._follow = follow
        self._known: tuple[Position, float] | None = None
        self._trouble = "not asked yet"
        self._told = ""

    @property
    def is_followed(self) -> bool:
        """Whether there is a receiver to be asked at all."""
        return self._settings.source == "gpsd"

    def position(self) -> Position | None:
        """Return where the gateway is, as new and as exact as configured; None: not known so."""
        known = self._known
        if known is None:
            return None
        position, seen_s = known
        age_s = max(0.0, self._monotonic() - seen_s)
        accuracy_m = position.accuracy_m
        too_far = accuracy_m is not None and accuracy_m > self._settings.accuracy_max_m
        if too_far or age_s > self._settings.age_max_s:
            return None
        return replace(position, age_s=age_s)

    def placed(self, body: bytes) -> bytes:
        """Return a stored body as it goes out to whoever is sent: with the position, if known."""
        position = self.position()
        return body if position is None else with_position(body, position, self._settings.map_url)

    async def run(self) -> None:
        """Follow gpsd until cancelled, and again after every loss; it raises nothing."""
        pause_s = FIRST_PAUSE_S
        while self.is_followed:
            try:
                async with aclosing(self._followed()) as heard:
                    async for _ in heard:
                        pause_s = FIRST_PAUSE_S
            except (OSError, SourceError, ValueError) as error:  # the last: no name of a host
                self._note_trouble(_words(error))
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def health(self) -> PartHealth | None:
        """Say how well the place is known, never which it is; None: there is nothing to follow."""
        if not self.is_followed:
            return None
        known, position = self._known, self.position()
        age_s = None if known is None else self._monotonic() - known[1]
        if position is not None:
            words = f"position known {accuracy_words(position)}"
            lost = f"; {self._trouble}" if self._trouble else ""
            return PartHealth(PART, not self._trouble, words + lost, age_s)
        why = self._trouble or self._unusable()
        instead = "alarms.location is told instead" if self._fixed else "no place can be told"
        return PartHealth(PART, False, f"{why}: {instead}", age_s)

    async def _followed(self) -> AsyncGenerator[None, None]:
        """Take what gpsd tells; yield once for every answer that came."""
        where = self._settings
        async with aclosing(self._follow(where.host, where.port)) as told:
            async for position in told:
                self._note_trouble("")
                if position is not None:
                    self._take(position)
                yield

    def _take(self, position: Position) -> None:
        """Take a position; a receiver that says the same again has frozen, and its fix ages."""
        known = self._known
        moment = position.receiver_time
        if known is None or not moment or moment != known[0].receiver_time:
            self._known = position, self._monotonic()

    def _unusable(self) -> str:
        """Say why gpsd is heard and the place is not known all the same."""
        if self._known is None:
            return "the receiver has no position yet"
        position, seen_s = self._known
        if self._monotonic() - seen_s > self._settings.age_max_s:
            return "the receiver has lost its position"
        return f"the position is known {accuracy_words(position)} only"

    def _note_trouble(self, trouble: str) -> None:
        """Hold why gpsd is not heard, and log it when it changes."""
        self._trouble = trouble
        if trouble == self._told:
            return
        self._told = trouble
        where = f"gpsd at {self._settings.host}:{self._settings.port}"
        if trouble:
            log_event(_log, "location", f"{where}: {trouble}", level=logging.WARNING)
        else:
            log_event(_log, "location", f"{where} is heard")


def whereabouts_of(settings: Settings) -> Whereabouts:
    """Return what follows the place as configured."""
    return Whereabouts(settings.location, settings.alarms.location)


def accuracy_words(position: Position) -> str:
    """Return in words how exactly a place is known."""
    if position.accuracy_m is None:
        return "without a word of how exactly"
    return f"within {max(1.0, position.accuracy_m):.0f} m"


def _words(error: Exception) -> str:
    match error:
        case SourceError():
            return error.what
        case TimeoutError():
            return "no answer"
        case ConnectionResetError():
            return "it has hung up"
        case OSError() if error.errno and error.errno > 0:
            return os.strerror(error.errno).lower()
    return "there is no such host"
