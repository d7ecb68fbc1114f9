"""What happened to one patient, entry by entry: all that a decision rests on, in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from ecgd.config.settings import DeviceSettings
from ecgd.decision.alarm import AlarmBook, Changes
from ecgd.model.assessment import Assessment
from ecgd.model.link import BytesReceived, Received, SamplesReceived
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import Intake
from ecgd.protocol.seal_guard import Verdict

CHECKPOINT_S: Final = 30.0
"""A state from which a replay can begin is kept this often."""

STRETCH_BYTES: Final = 2 << 20
"""What lies between two checkpoints is thrown away beyond this: no line sends so much."""

STRETCH_ENTRIES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Came:
    """The source delivered something, or was opened or cut."""

    received: Received


@dataclass(frozen=True, slots=True)
class LineAnew:
    """What reads the line began anew."""

    device: DeviceSettings
    phase_s: float
    is_sealed: bool = False


@dataclass(frozen=True, slots=True)
class SealJudged:
    """What became of one candidate of a sealed line: a replay has no key to judge it by."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """One window by the rules. ``given`` are fields of its history that no window had left so."""

    given: Mapping[str, Any]
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the alarm machine, and what it told.

    ``arguments`` as the machine takes them. ``assessment`` is what the observation rests on,
    ``progress`` how long (s) the evidence of each pending alarm has lasted, and has to.
    """

    what: str
    arguments: tuple[Any, ...]
    changes: Changes
    assessment: Assessment | None = None
    progress: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class BookGiven:
    """Something else than the alarm machine changed the book."""

    book: AlarmBook


Entry = Came | LineAnew | SealJudged | Judged | Step | BookGiven


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Everything that the next entry meets."""

    at_s: float
    device: DeviceSettings
    phase_s: float
    intake: Intake
    history: History
    book: AlarmBook


@dataclass(slots=True)
class Stretch:
    """A checkpoint and what came after it, up to the next one."""

    checkpoint: Checkpoint
    entries: list[Entry]
    size_bytes: int = 0

    @property
    def is_full(self) -> bool:
        return self.size_bytes > STRETCH_BYTES or len(self.entries) >= STRETCH_ENTRIES


class Journal:
    """The last minutes of one patient: stretches, the oldest one begins ``before_s`` ago or more.

    One that grows beyond its bounds, for no checkpoint could be taken, is thrown away.
    """

    def __init__(self, before_s: float) -> None:
        self._before_s = before_s
        self._stretches: deque[Stretch] = deque()

    @property
    def checkpoint_s(self) -> float | None:
        """When the newest checkpoint was taken."""
        return self._stretches[-1].checkpoint.at_s if self._stretches else None

    def begin(self, checkpoint: Checkpoint) -> None:
        """Begin a stretch, and forget those that nothing needs any more."""
        self._stretches.append(Stretch(checkpoint, []))
        while len(self._stretches) > 1 and (
            self._stretches[1].checkpoint.at_s <= checkpoint.at_s - self._before_s
        ):
            self._stretches.popleft()

    def add(self, entry: Entry) -> None:
        """Add what happened; before the first checkpoint it is of no use."""
        if not self._stretches:
            return
        newest = self._stretches[-1]
        newest.entries.append(entry)
        newest.size_bytes += _size_bytes(entry)
        if newest.is_full:
            self.forget()

    def forget(self) -> None:
        """Begin with the next checkpoint."""
        self._stretches.clear()

    def read(self) -> tuple[Checkpoint, list[Entry]] | None:
        """Return the oldest checkpoint and all that came after it."""
        if not self._stretches:
            return None
        entries = [entry for stretch in self._stretches for entry in stretch.entries]
        return self._stretches[0].checkpoint, entries


def changed_fields(before: History, after: History) -> dict[str, Any]:
    """Return the fields of ``after`` that are not the very values of ``before``."""
    if before is after:
        return {}
    names = (each.name for each in fields(History))
    return {n: getattr(after, n) for n in names if getattr(after, n) is not getattr(before, n)}


def _size_bytes(entry: Entry) -> int:
    if not isinstance(entry, Came):
        return 0
    match entry.received:
        case BytesReceived(data=data):
            return len(data)
        case SamplesReceived(block=block):
            return block.counts.nbytes + block.valid.nbytes
    return 0
