"""When the gateway gives a sign of life: only while everybody is watched, or it has told.

The other end calls somebody when the signs stay away. A patient whom nobody watches, and of whom
no alarm says so, is what it is for; so is a gateway without power or network.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import Final

from ecgd.alerts.heartbeat import Heartbeat
from ecgd.config.fleet import HeartbeatSettings
from ecgd.model.alarm import AlarmState
from ecgd.model.finding import EventType, Outcome
from ecgd.model.status import PartHealth
from ecgd.service.logs import log_event
from ecgd.service.session import PatientSession

_log = logging.getLogger(__name__)

LOOK_S: Final = 1.0

STANDING: Final = frozenset({AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED})

UNWATCHED: Final = frozenset(
    {
        *(EventType.LINK_LOST, EventType.DEVICE_FOREIGN, EventType.ELECTRODE_OFF),
        *(EventType.SIGNAL_UNUSABLE, EventType.CHANNEL_FAULT, EventType.CHECK_PATIENT),
    }
)
"""Alarms that say that a patient cannot be watched; a low battery says nothing of the kind."""

NOBODY: Final = "no patient at a real device"


def why_withheld(sessions: Iterable[PatientSession], now_s: float) -> str | None:
    """Say why no sign of life may be given now; None: it may.

    Every patient at a real device is judged at this moment, or an alarm that says why not was
    raised and still stands. A recording or a synthetic heart proves nothing: such patients do not
    count, and where there are no others no sign is given.
    """
    real = [session for session in sessions if not session.simulated]
    if not real:
        return NOBODY
    for session in real:
        reason = _why_unmonitored(session, now_s)
        if reason is not None and not _is_told(session):
            return f"{session.patient.id} is not watched ({reason}), and no alarm says so yet"
    return None


def _why_unmonitored(session: PatientSession, now_s: float) -> str | None:
    reason = session.why_unwatched(now_s)
    if reason is None and session.assessment is not None:
        blind = session.assessment.outcome is Outcome.CANNOT_JUDGE
        return "the signal cannot be judged" if blind else None
    return reason


def _is_told(session: PatientSession) -> bool:
    return any(
        alarm.event_type in UNWATCHED and alarm.state in STANDING
        for alarm in session.alarms.book.alarms
    )


class DeadMan:
    """Gives signs of life once a period, from the loop; the requests wait in threads."""

    def __init__(
        self,
        settings: HeartbeatSettings,
        sessions: dict[str, PatientSession],
        credentials_dir: str | None = None,
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._heartbeat = Heartbeat(settings, credentials_dir)
        self._began_s = time.monotonic()
        self._withheld: str | None = None
        self._withheld_s = 0.0
        self._told = False

    @property
    def is_configured(self) -> bool:
        return bool(self._settings.url or self._settings.url_file)

    async def run(self) -> None:
        """Give signs of life until cancelled; without an address there is nothing to do."""
        while self.is_configured:
            self.look(time.monotonic())
            await asyncio.sleep(LOOK_S)

    def look(self, now_s: float) -> None:
        """Give a sign of life if one is due and may be given."""
        reason = why_withheld(self._sessions.values(), now_s)
        if reason is not None and self._withheld is None:
            self._withheld_s = now_s
        self._withheld = reason
        due = self._heartbeat.is_due(now_s)
        if due and reason is None:
            self._heartbeat.beat(now_s)
            self._say(withheld=False)
        elif due:
            self._say(withheld=True)

    def health(self) -> PartHealth:
        """Say when a sign of life was last answered, and why none is given at present."""
        now_s, pulse = time.monotonic(), self._heartbeat.pulse
        since_s = self._began_s if pulse.answered_s is None else pulse.answered_s
        limit_s = 2 * self._settings.every_s + self._settings.timeout_s
        words = [f"{pulse.answered} answered, {pulse.failed} failed"]
        if self._withheld is not None:
            words.insert(0, f"withheld: {self._withheld}")
        elif pulse.trouble:
            words.insert(0, pulse.trouble)
        late = now_s - since_s > limit_s
        healthy = self._withheld == NOBODY or (not pulse.trouble and not late)
        age_s = None if pulse.answered_s is None else now_s - pulse.answered_s
        return PartHealth("heartbeat", healthy, "; ".join(words), age_s)

    def _say(self, *, withheld: bool) -> None:
        if withheld == self._told:
            return
        self._told = withheld
        if withheld:
            message = f"no sign of life is given: {self._withheld}"
            log_event(_log, "heartbeat_withheld", message, level=logging.WARNING)
        else:
            log_event(_log, "heartbeat", "signs of life are given")
