"""Keeps the roster: reads it at the start, writes each change, says when it cannot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from ecgd.config.settings import PatientSettings, Settings
from ecgd.errors import ConfigError
from ecgd.model.status import PartHealth
from ecgd.service.binding import Binding
from ecgd.service.logs import log_event
from ecgd.service.roster import Roster, bound, flat, nested, rebased, watched
from ecgd.service.roster_file import FILE_NAME, RosterFileError, load_roster, save_roster
from ecgd.service.settings import parse_patient

_log = logging.getLogger(__name__)

AGAIN_S: Final = 10.0
"""A roster that could not be written is written again after this."""

REFRESH_S: Final = 3600.0
"""When devices were last heard of is written this often, and with every change."""


class RosterKeeper:
    """Holds the roster in force. ``keep`` returns when a change is on the disk."""

    def __init__(self, state_dir: Path, settings: Settings) -> None:
        self._path = state_dir / FILE_NAME
        self._turn = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._unwritten = ""
        loaded = load_roster(self._path, settings)

        def check(patient: PatientSettings, others: tuple[PatientSettings, ...]) -> str:
            return find_wrong(patient, settings, others)

        self.roster, notes = rebased(loaded.roster, settings.patients, check)
        self._misread = "; ".join(text for text in (loaded.problem, *notes) if text)
        self._alarming = loaded.problem or "; ".join(n for n in notes if "archived" in n)
        for text in (loaded.problem, *notes):
            if text:
                log_event(_log, "roster", text, level=logging.WARNING)
        if self._misread:
            self._wanted.set()

    @property
    def problem(self) -> str:
        """What a person has to know of the list of patients; empty: nothing."""
        return "; ".join(text for text in (self._alarming, self._unwritten) if text)

    def health(self, configured: tuple[PatientSettings, ...]) -> PartHealth:
        """Say how many are watched, and what is wrong with the list."""
        count = len(watched(self.roster, configured))
        return PartHealth("patients", not self.problem, self.problem or f"{count} watched")

    async def keep(self, roster: Roster) -> None:
        """Write a roster; it is in force when this returns. Raises RosterFileError."""
        async with self._turn:
            await self._write(roster)
        # A person has been here and seen the list: what was lost is known from now on.
        self._alarming = ""

    def want_bindings_kept(self) -> None:
        """Have the bindings written soon; nobody waits."""
        self._wanted.set()

    async def run(self, bindings: Callable[[], Mapping[str, Binding]]) -> None:
        """Write the bindings whenever they changed, and again where that failed."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_S):
                    await self._wanted.wait()
            self._wanted.clear()
            try:
                async with self._turn:
                    now = bound(self.roster, bindings())
                    if now != self.roster or self._misread:
                        await self._write(now)
            except RosterFileError as error:
                _log.debug("%s", error)
                self._wanted.set()
                await asyncio.sleep(AGAIN_S)

    async def _write(self, roster: Roster) -> None:
        try:
            await asyncio.to_thread(save_roster, self._path, roster)
        except RosterFileError as error:
            if not self._unwritten:
                log_event(_log, "roster", str(error), level=logging.ERROR)
            self._unwritten = error.what
            raise
        self.roster, self._unwritten, self._misread = roster, "", ""


def find_wrong(
    patient: PatientSettings, settings: Settings, others: tuple[PatientSettings, ...]
) -> str:
    """Say what is wrong with a patient beside others, by the configuration's checks."""
    try:
        parse_patient(nested(flat(patient)) | {"id": patient.id}, settings, others)
    except ConfigError as error:
        return "; ".join(f"{problem.key_path}: {problem.what}" for problem in error.problems)
    return ""
