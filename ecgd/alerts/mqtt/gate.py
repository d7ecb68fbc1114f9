"""Who gets in with a command, and who is refused."""

from __future__ import annotations

import logging
from typing import Final

from ecgd.alerts.mqtt.commands import Command, CommandError, read_command

_log = logging.getLogger(__name__)

COMMANDS_PER_S: Final = 5.0
COMMANDS_AT_ONCE: Final = 10.0
"""Commands beyond this are refused: they must not keep the daemon from its work."""


class Gate:
    """Lets commands through that are allowed, fresh, understood and not too many."""

    def __init__(self, *, is_open: bool, now_s: float) -> None:
        self._is_open = is_open
        self._allowance = COMMANDS_AT_ONCE
        self._counted_s = now_s
        self.refused = 0

    def pass_on(
        self, sender: str | None, payload: bytes, *, retained: bool, now_s: float
    ) -> Command | CommandError:
        """Return the command, or why it is none; ``sender`` None: its topic names nobody."""
        try:
            return read_command(self._admitted(sender, retained, now_s), payload)
        except CommandError as error:
            self.refused += 1
            if self.refused & (self.refused - 1) == 0:
                # The first, second, fourth, eighth …: no flood fills the log.
                who = sender or "somebody"
                _log.warning("command of %s refused (%d so far): %s", who, self.refused, error)
            return error

    def _admitted(self, sender: str | None, retained: bool, now_s: float) -> str:
        if not self._is_open:
            raise CommandError("commands are not allowed", "Set mqtt.allow_commands")
        if sender is None:
            raise CommandError("its topic names no sender", "…/command/NAME")
        if retained:
            raise CommandError("it was kept by the broker", "Send commands without retain")
        earned = max(0.0, now_s - self._counted_s) * COMMANDS_PER_S
        self._allowance = min(COMMANDS_AT_ONCE, self._allowance + earned)
        self._counted_s = now_s
        if self._allowance < 1.0:
            raise CommandError("too many commands", "Wait a moment")
        self._allowance -= 1.0
        return sender
