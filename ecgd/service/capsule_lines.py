"""A capsule's lines: what the journal holds as plain values, and back. No person is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from ecgd.decision.alarm import AlarmBook, Changes
from ecgd.errors import CapsuleError
from ecgd.model.alarm import Alarm, AlarmChange
from ecgd.model.assessment import Assessment
from ecgd.model.baseline import Baseline
from ecgd.model.link import LinkClosed
from ecgd.pipeline.history import History
from ecgd.protocol.seal_guard import Verdict
from ecgd.service.capsule_journal import (
    BookGiven,
    Came,
    Checkpoint,
    Entry,
    Judged,
    LineAnew,
    SealJudged,
    Step,
)
from ecgd.service.exact_plain import from_plain, to_plain

SOMEBODY: Final = "somebody"
"""Stands for whoever acknowledged."""

Line = list[Any]


@dataclass(frozen=True, slots=True)
class StepRead:
    """One step of the alarm machine as it was recorded; ``told`` are its changes, plain.

    ``window`` names origin, end index and whether the networks had answered; ``scored`` is then
    that answer, plain.
    """

    what: str
    arguments: tuple[Any, ...]
    told: Any
    window: tuple[int, int, bool] | None
    scored: Any
    progress: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class JudgedRead:
    """One window as it was judged; ``assessment`` is plain."""

    given: dict[str, Any]
    assessment: Any
    origin: int
    end_index: int


EntryRead = Came | LineAnew | SealJudged | JudgedRead | StepRead | BookGiven


def without_name(line: Line, name: str) -> Line:
    """Return a line in which evidence does not say who confirmed a chronic finding."""
    told = (f"{name} confirmed as chronic", f"confirmed as chronic by {name},")
    text = json.dumps(line)
    for words in told:
        nameless = words.replace(name, SOMEBODY)
        text = text.replace(json.dumps(words)[1:-1], json.dumps(nameless)[1:-1])
    known: Line = json.loads(text)
    return known


def confirmed_by(baseline: Baseline | None) -> str:
    """Return who confirmed a chronic finding; empty: nobody."""
    confirmed = None if baseline is None else baseline.confirmed
    return "" if confirmed is None else confirmed.by


def nameless_history(history: History) -> History:
    """Return a history that does not say who confirmed a chronic finding."""
    return replace(history, baseline=_nameless_baseline(history.baseline))


def _nameless_baseline(baseline: Baseline | None) -> Baseline | None:
    if baseline is None or baseline.confirmed is None:
        return baseline
    return replace(baseline, confirmed=replace(baseline.confirmed, by=SOMEBODY))


def checkpoint_line(checkpoint: Checkpoint) -> Line:
    """Return the state from which a replay begins."""
    given = {
        "at_s": checkpoint.at_s,
        "device": checkpoint.device,
        "phase_s": checkpoint.phase_s,
        "intake": checkpoint.intake,
        "history": nameless_history(checkpoint.history),
        "book": nameless_book(checkpoint.book),
    }
    return ["state", {name: to_plain(value) for name, value in given.items()}]


def checkpoint_of(line: Line) -> Checkpoint:
    """Return the state of a line. Raises CapsuleError."""
    values = {str(name): from_plain(value) for name, value in dict(line[1]).items()}
    try:
        return Checkpoint(**values)
    except TypeError as error:
        raise CapsuleError("its first state is of another version") from error


def entry_line(entry: Entry) -> Line:
    """Return one entry."""
    match entry:
        case Came():
            received = entry.received
            if isinstance(received, LinkClosed):
                # Why a line was cut may name a machine, and decides nothing.
                received = replace(received, reason="")
            return ["came", to_plain(received)]
        case LineAnew():
            return ["line", to_plain(entry.device), entry.phase_s, entry.is_sealed]
        case SealJudged():
            return ["seal", entry.verdict.name]
        case Judged():
            given = {name: to_plain(value) for name, value in entry.given.items()}
            if "baseline" in given:
                given["baseline"] = to_plain(_nameless_baseline(entry.given["baseline"]))
            return ["judged", given, assessment_plain(entry.assessment)]
        case Step():
            return ["step", _step_plain(entry)]
        case BookGiven():
            return ["book", to_plain(nameless_book(entry.book))]


def entry_of(line: Line) -> EntryRead:
    """Return the entry of a line. Raises CapsuleError."""
    try:
        match line:
            case ["came", received]:
                return Came(from_plain(received))
            case ["line", device, phase_s, is_sealed]:
                return LineAnew(from_plain(device), float(phase_s), bool(is_sealed))
            case ["seal", str(verdict)]:
                return SealJudged(Verdict[verdict])
            case ["judged", given, assessment]:
                known = {str(name): from_plain(value) for name, value in given.items()}
                state = assessment["v"]
                return JudgedRead(known, assessment, state["origin"], state["end_index"])
            case ["step", fields]:
                return _step_of(fields)
            case ["book", book]:
                return BookGiven(from_plain(book))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CapsuleError(f"a line of it cannot be read ({type(error).__name__})") from error
    raise CapsuleError(f"it has a line {str(line[0])!r}, which this program does not know")


def assessment_plain(assessment: Assessment) -> Any:
    """Return an assessment without the time that it took, the one thing that is never the same."""
    return to_plain(replace(assessment, latency=()))


def changes_plain(changes: Changes) -> Any:
    """Return what the alarm machine told."""
    return to_plain(tuple(_nameless_change(change) for change in changes))


def nameless_book(book: AlarmBook) -> AlarmBook:
    """Return a book that does not say who acknowledged."""
    tracks = (replace(track, alarm=_nameless(track.alarm)) for track in book.tracks)
    return replace(book, tracks=tuple(tracks))


def occurrences(changes: Any) -> Iterator[dict[str, Any]]:
    """Yield the alarms, plain, that recorded changes raised or escalated."""
    for change in changes:
        if change["v"]["kind"]["v"] in ("RAISED", "ESCALATED"):
            yield change["v"]["alarm"]["v"]


def _nameless_change(change: AlarmChange) -> AlarmChange:
    return AlarmChange(change.kind, _nameless(change.alarm))


def _nameless(alarm: Alarm) -> Alarm:
    return alarm if alarm.acknowledged_by is None else replace(alarm, acknowledged_by=SOMEBODY)


def _step_plain(step: Step) -> dict[str, Any]:
    arguments = step.arguments
    if step.what == "acknowledge":
        arguments = (arguments[0], SOMEBODY, arguments[2])
    basis = step.assessment
    fields: dict[str, Any] = {
        "what": step.what,
        "arguments": to_plain(arguments),
        "changes": changes_plain(step.changes),
    }
    if basis is not None:
        is_scored = basis.scores is not None or "inference" in {s.stage for s in basis.latency}
        fields["window"] = [basis.origin, basis.end_index, is_scored]
        fields["progress"] = to_plain(step.progress)
        if is_scored:
            fields["scored"] = assessment_plain(basis)
    return fields


def _step_of(fields: dict[str, Any]) -> StepRead:
    window = fields.get("window")
    return StepRead(
        what=str(fields["what"]),
        arguments=from_plain(fields["arguments"]),
        told=fields["changes"],
        window=None if window is None else (int(window[0]), int(window[1]), bool(window[2])),
        scored=fields.get("scored"),
        progress=from_plain(fields.get("progress", [])),
    )
