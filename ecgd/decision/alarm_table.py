"""The alarm state machine, whole: what each trigger does in each state."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from ecgd.model.alarm import AlarmState, ChangeKind


class Trigger(StrEnum):
    """What can befall an alarm.

    SEEN: evidence, not yet long enough. LASTED: evidence for the hold-off. GRAVER: evidence of
    a greater severity than was raised, for its hold-off. RETURNED: evidence for the hold-off,
    of something that was over and is not new. MISSED: judged without evidence. GONE: without
    evidence for the clearing time. STALE: the newest evidence is too old to count. ACKNOWLEDGE: a
    person answered. OVERDUE: acknowledged long ago and still there.
    """

    SEEN = "seen"
    LASTED = "lasted"
    GRAVER = "graver"
    RETURNED = "returned"
    MISSED = "missed"
    GONE = "gone"
    STALE = "stale"
    ACKNOWLEDGE = "acknowledge"
    OVERDUE = "overdue"


class Step(NamedTuple):
    """The state that follows, and the changes that are told."""

    state: AlarmState
    changes: tuple[ChangeKind, ...] = ()


_S = AlarmState
_T = Trigger
_RAISE = Step(_S.ACTIVE, (ChangeKind.RAISED,))
_ESCALATE = Step(_S.ACTIVE, (ChangeKind.ESCALATED,))
_UPDATE = (ChangeKind.UPDATED,)

TABLE: Final[dict[AlarmState, dict[Trigger, Step]]] = {
    _S.INACTIVE: {
        _T.SEEN: Step(_S.PENDING),
        _T.LASTED: _RAISE,
        _T.GRAVER: _RAISE,
        _T.RETURNED: _RAISE,
        _T.MISSED: Step(_S.INACTIVE),
        _T.GONE: Step(_S.INACTIVE),
        _T.STALE: Step(_S.INACTIVE),
        _T.ACKNOWLEDGE: Step(_S.INACTIVE),
        _T.OVERDUE: Step(_S.INACTIVE),
    },
    _S.PENDING: {
        _T.SEEN: Step(_S.PENDING),
        _T.LASTED: _RAISE,
        _T.GRAVER: _RAISE,
        _T.RETURNED: _RAISE,
        _T.MISSED: Step(_S.PENDING),
        _T.GONE: Step(_S.INACTIVE),
        _T.STALE: Step(_S.INACTIVE),
        _T.ACKNOWLEDGE: Step(_S.PENDING),
        _T.OVERDUE: Step(_S.PENDING),
    },
    _S.ACTIVE: {
        _T.SEEN: Step(_S.ACTIVE, _UPDATE),
        _T.LASTED: Step(_S.ACTIVE, _UPDATE),
        _T.GRAVER: _ESCALATE,
        _T.RETURNED: Step(_S.ACTIVE, _UPDATE),
        _T.MISSED: Step(_S.ACTIVE),
        _T.GONE: Step(_S.LATCHED, (ChangeKind.LATCHED,)),
        _T.STALE: Step(_S.ACTIVE),
        _T.ACKNOWLEDGE: Step(_S.ACKNOWLEDGED, (ChangeKind.ACKNOWLEDGED,)),
        _T.OVERDUE: Step(_S.ACTIVE),
    },
    _S.ACKNOWLEDGED: {
        _T.SEEN: Step(_S.ACKNOWLEDGED, _UPDATE),
        _T.LASTED: Step(_S.ACKNOWLEDGED, _UPDATE),
        _T.GRAVER: _ESCALATE,
        _T.RETURNED: Step(_S.ACKNOWLEDGED, _UPDATE),
        _T.MISSED: Step(_S.ACKNOWLEDGED),
        _T.GONE: Step(_S.CLEARED, (ChangeKind.CLEARED,)),
        _T.STALE: Step(_S.ACKNOWLEDGED),
        _T.ACKNOWLEDGE: Step(_S.ACKNOWLEDGED),
        _T.OVERDUE: _RAISE,
    },
    _S.LATCHED: {
        _T.SEEN: Step(_S.LATCHED),
        _T.LASTED: _RAISE,
        _T.GRAVER: _RAISE,
        _T.RETURNED: Step(_S.ACTIVE, (ChangeKind.RETURNED,)),
        _T.MISSED: Step(_S.LATCHED),
        _T.GONE: Step(_S.LATCHED),
        _T.STALE: Step(_S.LATCHED),
        _T.ACKNOWLEDGE: Step(_S.CLEARED, (ChangeKind.ACKNOWLEDGED, ChangeKind.CLEARED)),
        _T.OVERDUE: Step(_S.LATCHED),
    },
    _S.CLEARED: {
        _T.SEEN: Step(_S.PENDING),
        _T.LASTED: _RAISE,
        _T.GRAVER: _RAISE,
        _T.RETURNED: Step(_S.ACKNOWLEDGED, (ChangeKind.RETURNED,)),
        _T.MISSED: Step(_S.CLEARED),
        _T.GONE: Step(_S.INACTIVE),
        _T.STALE: Step(_S.INACTIVE),
        _T.ACKNOWLEDGE: Step(_S.CLEARED),
        _T.OVERDUE: Step(_S.CLEARED),
    },
}

STANDING: Final = frozenset({_S.ACTIVE, _S.ACKNOWLEDGED})
"""The condition holds, as far as is known."""

UNANSWERED: Final = frozenset({_S.ACTIVE, _S.LATCHED})
"""Nobody has acknowledged it."""

SHOWN: Final = frozenset({_S.ACTIVE, _S.ACKNOWLEDGED, _S.LATCHED})
"""A person has to see it."""
