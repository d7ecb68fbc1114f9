"""Who is told of one occurrence, in which order, until somebody answers: a value that is stepped.

Contacts of one order are a rung. Those of the first rung are told at once; the next rung follows
after its delay, or at once when somebody of the rung before cannot be reached by any channel. A
contact's channels follow one another in the same way. What each turn does in each phase stands in
``TABLE``, what befalls a step in ``STEPS``. Times are monotonic seconds and are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Final

from ecgd.config.people import EscalationSettings
from ecgd.model.finding import EventType, Severity


class Phase(StrEnum):
    """How one escalation stands. TOLD: no answer is asked for below HIGH."""

    CALLING = "calling"
    UNANSWERED = "unanswered"
    TOLD = "told"
    ANSWERED = "answered"
    SUPERSEDED = "superseded"


class Turn(StrEnum):
    """What can befall an escalation.

    EXHAUSTED: everybody was told and had time to answer. REPEAT: it is time to tell everybody
    again. INFORMED: all who were to know without an answer know. ANSWER: somebody acknowledged.
    SUPERSEDE: the alarm was raised anew, and escalates under another id.
    """

    EXHAUSTED = "exhausted"
    REPEAT = "repeat"
    INFORMED = "informed"
    ANSWER = "answer"
    SUPERSEDE = "supersede"


_P = Phase
_T = Turn
TABLE: Final[dict[Phase, dict[Turn, Phase]]] = {
    _P.CALLING: {
        _T.EXHAUSTED: _P.UNANSWERED,
        _T.REPEAT: _P.CALLING,
        _T.INFORMED: _P.TOLD,
        _T.ANSWER: _P.ANSWERED,
        _T.SUPERSEDE: _P.SUPERSEDED,
    },
    _P.UNANSWERED: {
        _T.EXHAUSTED: _P.UNANSWERED,
        _T.REPEAT: _P.CALLING,
        _T.INFORMED: _P.UNANSWERED,
        _T.ANSWER: _P.ANSWERED,
        _T.SUPERSEDE: _P.SUPERSEDED,
    },
    _P.TOLD: {
        _T.EXHAUSTED: _P.TOLD,
        _T.REPEAT: _P.TOLD,
        _T.INFORMED: _P.TOLD,
        _T.ANSWER: _P.ANSWERED,
        _T.SUPERSEDE: _P.SUPERSEDED,
    },
    _P.ANSWERED: dict.fromkeys(_T, _P.ANSWERED),
    _P.SUPERSEDED: dict.fromkeys(_T, _P.SUPERSEDED),
}

OPEN: Final = frozenset({_P.CALLING, _P.UNANSWERED, _P.TOLD})
"""An answer still changes something."""


class StepState(StrEnum):
    """What became of one channel of one contact. FAILED may still turn into REACHED."""

    WAITING = "waiting"
    SENT = "sent"
    REACHED = "delivered"
    FAILED = "undeliverable"


class StepEvent(StrEnum):
    """What can befall a step."""

    SEND = "send"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"


_S = StepState
_E = StepEvent
STEPS: Final[dict[StepState, dict[StepEvent, StepState]]] = {
    _S.WAITING: {
        _E.SEND: _S.SENT,
        _E.DELIVERED: _S.REACHED,
        _E.UNDELIVERABLE: _S.FAILED,
    },
    _S.SENT: {_E.SEND: _S.SENT, _E.DELIVERED: _S.REACHED, _E.UNDELIVERABLE: _S.FAILED},
    _S.REACHED: dict.fromkeys(_E, _S.REACHED),
    _S.FAILED: {_E.SEND: _S.FAILED, _E.DELIVERED: _S.REACHED, _E.UNDELIVERABLE: _S.FAILED},
}


@dataclass(frozen=True, slots=True)
class Step:
    """One channel of one contact.

    ``wait_s`` counts from the rung or the channel before; None: only if that one failed.
    """

    rung: int
    contact_id: str
    channel: str
    wait_s: float | None
    state: StepState = StepState.WAITING
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """One occurrence on its way to people. ``since_s``: when its phase began.

    ``turn_count`` counts how often everybody was told before; ``alarmed`` are the channels that
    have brought it to somebody, in any of these turns. ``known`` are those that were used in this
    turn, for this occurrence or for those whose place it took, each with when that was first.
    """

    alert_id: str
    patient_id: str
    event_type: EventType
    severity: Severity
    simulated: bool
    since_s: float
    steps: tuple[Step, ...]
    phase: Phase = Phase.CALLING
    turn_count: int = 0
    alarmed: tuple[str, ...] = ()
    answered_by: str | None = None
    known: tuple[tuple[str, float], ...] = ()

    @property
    def is_open(self) -> bool:
        return self.phase in OPEN

    @property
    def needs_answer(self) -> bool:
        return self.severity >= Severity.HIGH

    @property
    def is_unanswered(self) -> bool:
        """Whether everybody has been told at least once, and nobody has answered."""
        return self.phase is Phase.UNANSWERED or (self.is_open and self.turn_count > 0)

    @property
    def told(self) -> tuple[str, ...]:
        """Channels that have brought it, or may have: those that hear who answered."""
        sent = (step.channel for step in self.steps if step.state is StepState.SENT)
        return tuple(dict.fromkeys((*self.alarmed, *sent)))


def begin(
    alert_id: str,
    patient_id: str,
    event_type: EventType,
    severity: Severity,
    *,
    simulated: bool,
    steps: tuple[Step, ...],
    now_s: float,
    earlier: Escalation | None = None,
) -> Escalation:
    """Return the escalation of an occurrence; nobody has been told yet.

    ``earlier`` is that of the unanswered occurrence whose place it takes, if there was one.
    """
    fresh = Escalation(alert_id, patient_id, event_type, severity, simulated, now_s, steps)
    if earlier is None or not earlier.is_open or not earlier.needs_answer:
        return fresh
    turn_count = earlier.turn_count + (earlier.phase is Phase.UNANSWERED)
    inherited = replace(fresh, steps=succeed(steps, earlier, now_s), turn_count=turn_count)
    if earlier.phase is Phase.UNANSWERED:
        return inherited
    return replace(inherited, known=earlier.known)


def succeed(steps: tuple[Step, ...], earlier: Escalation, now_s: float) -> tuple[Step, ...]:
    """Return the plan of an occurrence that takes the place of an unanswered one.

    Whoever was told of the earlier one is told at once, and nobody waits anew for what they have
    waited for already: an alarm that comes and goes reaches the last contact all the same.
    """
    first_s = dict(earlier.known)
    begun_s = {
        own[0].contact_id: min(first_s[step.channel] for step in own if step.channel in first_s)
        for own in _contacts(steps)
        if any(step.channel in first_s for step in own)
    }
    waited_s = now_s - max(begun_s.values(), default=now_s)
    following = min((step.rung for step in steps if step.contact_id not in begun_s), default=0)
    moved: list[Step] = []
    for own in _contacts(steps):
        is_known = own[0].contact_id in begun_s
        last_s = None if is_known or own[0].rung != following else now_s - waited_s
        for step in own:
            elapsed_s = 0.0 if last_s is None else now_s - last_s
            left_s = max(0.0, (step.wait_s or 0.0) - elapsed_s)
            left_s = 0.0 if step.channel in first_s else left_s
            wait_s = None if step.wait_s is None else left_s
            moved.append(replace(step, rung=0 if is_known else step.rung + 1, wait_s=wait_s))
            last_s = first_s.get(step.channel)
    return tuple(sorted(moved, key=lambda step: step.rung))


def advance(
    escalation: Escalation,
    now_s: float,
    pace: EscalationSettings,
    again: Callable[[], tuple[Step, ...]],
) -> tuple[Escalation, tuple[Step, ...]]:
    """Let time pass; return what it has become and the steps that are to be sent now.

    ``again`` gives the plan of another turn, once nobody has answered the last one.
    """
    turn = _turn_of_time(escalation, now_s, pace)
    if turn is not None:
        escalation = _turned(escalation, turn, now_s)
        if turn is Turn.REPEAT:
            count = escalation.turn_count + 1
            escalation = replace(escalation, steps=again(), turn_count=count, known=())
    if escalation.phase is not Phase.CALLING:
        return escalation, ()
    due = tuple(_due(escalation.steps, now_s))
    steps = tuple(
        replace(step, state=STEPS[step.state][StepEvent.SEND], at_s=now_s) if step in due else step
        for step in escalation.steps
    )
    known = {step.channel: now_s for step in due} | dict(escalation.known)
    return replace(escalation, steps=steps, known=tuple(known.items())), due


def befall(escalation: Escalation, channel: str, event: StepEvent) -> Escalation:
    """Note what became of the message to one channel."""
    steps = tuple(
        replace(step, state=STEPS[step.state][event])
        if step.channel == channel and step.at_s is not None
        else step
        for step in escalation.steps
    )
    alarmed = escalation.alarmed
    if event is StepEvent.DELIVERED and channel not in alarmed:
        alarmed = (*alarmed, channel)
    return replace(escalation, steps=steps, alarmed=alarmed)


def answer(escalation: Escalation, by: str, now_s: float) -> Escalation:
    """Note that somebody has answered: nobody is told any more."""
    if not escalation.is_open:
        return escalation
    return replace(_turned(escalation, Turn.ANSWER, now_s), answered_by=by)


def supersede(escalation: Escalation, now_s: float) -> Escalation:
    """Note that the alarm escalates under another id."""
    return _turned(escalation, Turn.SUPERSEDE, now_s)


def _turn_of_time(escalation: Escalation, now_s: float, pace: EscalationSettings) -> Turn | None:
    """Return what the time alone does."""
    if escalation.phase is Phase.UNANSWERED:
        return Turn.REPEAT if now_s - escalation.since_s >= pace.repeat_s else None
    if escalation.phase is not Phase.CALLING:
        return None
    if not escalation.needs_answer:
        return Turn.INFORMED if _all_know(escalation.steps) else None
    return Turn.EXHAUSTED if _is_exhausted(escalation, now_s, pace) else None


def _is_exhausted(escalation: Escalation, now_s: float, pace: EscalationSettings) -> bool:
    """Tell whether everybody was told and has had time to answer."""
    steps = escalation.steps
    if any(step.at_s is None for step in steps):
        return False
    if all(step.state is StepState.FAILED for step in steps):
        return True
    return now_s - max(first_s for _, first_s in escalation.known) >= pace.answer_s


def _all_know(steps: tuple[Step, ...]) -> bool:
    """Tell whether each contact has been reached, or cannot be."""
    return all(
        any(step.state is StepState.REACHED for step in own) or _is_unreachable(own)
        for own in _contacts(steps)
    )


def _due(steps: tuple[Step, ...], now_s: float) -> Iterator[Step]:
    """Yield the steps whose time has come."""
    before: list[Step] = []
    for _, of_rung in groupby(steps, lambda step: step.rung):
        rung = list(of_rung)
        if all(step.at_s is None for step in rung):
            if not before or _passes_on(before, rung[0].wait_s, now_s):
                yield from (own[0] for own in _contacts(rung))
            return
        for own in _contacts(rung):
            yield from _next_channel(own, now_s)
        before = rung


def _passes_on(rung: list[Step], wait_s: float | None, now_s: float) -> bool:
    """Tell whether the next rung is to be told: it is time, or somebody of this one is lost."""
    if any(_is_unreachable(own) for own in _contacts(rung)):
        return True
    begun_s = min(step.at_s for step in rung if step.at_s is not None)
    return wait_s is not None and now_s - begun_s >= wait_s


def _next_channel(own: list[Step], now_s: float) -> Iterator[Step]:
    for last, following in pairwise(own):
        if following.at_s is None:
            waited_s = 0.0 if last.at_s is None else now_s - last.at_s
            is_time = following.wait_s is not None and waited_s >= following.wait_s
            if last.state is StepState.FAILED or is_time:
                yield following
            return


def _contacts(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Yield each contact's steps."""
    for _, own in groupby(steps, lambda step: (step.rung, step.contact_id)):
        yield list(own)


def _is_unreachable(own: list[Step]) -> bool:
    return all(step.state is StepState.FAILED for step in own)


def _turned(escalation: Escalation, turn: Turn, now_s: float) -> Escalation:
    phase = TABLE[escalation.phase][turn]
    since_s = escalation.since_s if phase is escalation.phase else now_s
    return replace(escalation, phase=phase, since_s=since_s)
