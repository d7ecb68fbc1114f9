"""When to try a lost line again: a state machine of its own. Time and chance are passed in.

======== ======== ========= ===============================================
state    event    next      actions
======== ======== ========= ===============================================
CLOSED   START    OPENING   TRY
OPENING  OPENED   SETTLING  –
OPENING  FAILED   WAITING   TELL_LOSS
SETTLING DATA     OPEN      TELL_OPEN
SETTLING DUE      OPEN      TELL_OPEN
SETTLING LOST     WAITING   CLOSE, TELL_LOSS
SETTLING SILENT   WAITING   CLOSE, TELL_LOSS
OPEN     LOST     WAITING   CLOSE, TELL_LOSS
OPEN     SILENT   WAITING   CLOSE, TELL_LOSS
PROBING  DATA     OPEN      TELL_OPEN
PROBING  LOST     WAITING   CLOSE, TELL_LOSS
PROBING  SILENT   WAITING   CLOSE, TELL_LOSS
WAITING  DUE      OPENING   TRY
any      STOP     ENDED     CLOSE
======== ======== ========= ===============================================

A loss is told once, however many tries follow. A line counts as open when it has given data or
has stayed open for a moment: a Bluetooth port opens before anybody answers. After a loss by
silence OPENED leads to PROBING in place of SETTLING: the line counts as open again only when it
gives data, or an alarm for the lost link would end and begin anew with every try. What is not in
the table changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class LineState(StrEnum):
    """Where a line stands."""

    CLOSED = "closed"
    OPENING = "opening"
    SETTLING = "settling"
    PROBING = "probing"
    OPEN = "open"
    WAITING = "waiting"
    ENDED = "ended"


class LineEvent(StrEnum):
    """What happens to it."""

    START = "start"
    OPENED = "opened"
    FAILED = "failed"
    DATA = "data"
    LOST = "lost"
    SILENT = "silent"
    DUE = "due"
    STOP = "stop"


class LineAction(StrEnum):
    """What is to be done now."""

    TRY = "try"
    CLOSE = "close"
    TELL_OPEN = "tell_open"
    TELL_LOSS = "tell_loss"


_Row = tuple[LineState, tuple[LineAction, ...]]

TABLE: Final[dict[tuple[LineState, LineEvent], _Row]] = (
    {
        (LineState.CLOSED, LineEvent.START): (LineState.OPENING, (LineAction.TRY,)),
        (LineState.OPENING, LineEvent.OPENED): (LineState.SETTLING, ()),
        (LineState.OPENING, LineEvent.FAILED): (LineState.WAITING, (LineAction.TELL_LOSS,)),
        (LineState.SETTLING, LineEvent.DATA): (LineState.OPEN, (LineAction.TELL_OPEN,)),
        (LineState.SETTLING, LineEvent.DUE): (LineState.OPEN, (LineAction.TELL_OPEN,)),
        (LineState.PROBING, LineEvent.DATA): (LineState.OPEN, (LineAction.TELL_OPEN,)),
        (LineState.WAITING, LineEvent.DUE): (LineState.OPENING, (LineAction.TRY,)),
    }
    | {
        (state, event): (LineState.WAITING, (LineAction.CLOSE, LineAction.TELL_LOSS))
        for state in (LineState.SETTLING, LineState.PROBING, LineState.OPEN)
        for event in (LineEvent.LOST, LineEvent.SILENT)
    }
    | {
        (state, LineEvent.STOP): (LineState.ENDED, (LineAction.CLOSE,))
        for state in LineState
        if state is not LineState.ENDED
    }
)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next try: doubling from ``first_s`` up to ``cap_s``.

    ``jitter`` 0.2 spreads it by ±20 %: a device that comes back is heard within 5 s. A line that
    stayed open for ``stable_s`` starts afresh.
    """

    first_s: float = 0.5
    cap_s: float = 4.0
    jitter: float = 0.2
    stable_s: float = 10.0
    settle_s: float = 1.0

    def delay_s(self, failures: int, chance: float) -> float:
        """Return the wait after so many failures in a row; ``chance`` is from 0 to 1."""
        bare_s = min(self.cap_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return bare_s * (1.0 + self.jitter * (2.0 * chance - 1.0))


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``due_s`` is when the event DUE is to be fed (monotonic), None: not at all.

    ``silenced``: its last loss was by silence.
    """

    state: LineState = LineState.CLOSED
    failures: int = 0
    loss_told: bool = False
    silenced: bool = False
    opened_s: float = 0.0
    due_s: float | None = None

    def step(
        self, event: LineEvent, now_s: float, chance: float, backoff: Backoff
    ) -> tuple[Line, tuple[LineAction, ...]]:
        """Return the line after ``event`` and what is to be done, in this order.

        ``chance`` is a random number from 0 to 1, used for jitter only.
        """
        row = TABLE.get((self.state, event))
        if row is None:
            return self, ()
        state, actions = row
        if state is LineState.SETTLING and self.silenced:
            state = LineState.PROBING
        line = replace(self, state=state, due_s=None)
        if state is LineState.SETTLING:
            line = replace(line, opened_s=now_s, due_s=now_s + backoff.settle_s)
        elif state is LineState.WAITING:
            line = line._waiting(self, event, now_s, chance, backoff)
        if event is LineEvent.SILENT:
            line = replace(line, silenced=True)
        if LineAction.TELL_OPEN in actions:
            line = replace(line, loss_told=False, silenced=False)
        if LineAction.TELL_LOSS in actions:
            if self.loss_told:
                actions = tuple(action for action in actions if action is not LineAction.TELL_LOSS)
            line = replace(line, loss_told=True)
        return line, actions

    def _waiting(
        self, before: Line, event: LineEvent, now_s: float, chance: float, backoff: Backoff
    ) -> Line:
        was_stable = before.state is LineState.OPEN and now_s - before.opened_s >= backoff.stable_s
        # A silent line has been listened to for long enough: it need not be waited for as well.
        afresh = was_stable or event is LineEvent.SILENT
        failures = 1 if afresh else before.failures + 1
        due_s = now_s + backoff.delay_s(failures, chance)
        return replace(self, failures=failures, due_s=due_s)
