"""A capsule as it is read: the header, the first state and what came after it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecgd.errors import CapsuleError
from ecgd.pipeline.intake import Intake
from ecgd.protocol.seal_guard import RecordedGuard
from ecgd.service.capsule_journal import Checkpoint, LineAnew, SealJudged
from ecgd.service.capsule_lines import EntryRead, Line, checkpoint_of, entry_of
from ecgd.service.capsule_origin import Deciding, settings_of
from ecgd.store.capsule_stream import read_stream

FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Capsule:
    """What a capsule holds. ``problem`` empty: all that was recorded is there.

    ``ending`` says why it ends where it does. Times are the monotonic clock's, in s.
    """

    header: Mapping[str, Any]
    settings: Deciding
    state: Checkpoint
    entries: tuple[EntryRead, ...]
    ending: str
    problem: str

    @property
    def capsule_id(self) -> str:
        return str(self.header["capsule_id"])

    @property
    def raised_s(self) -> float:
        """When its first alert was raised."""
        return float(self.header["raised_mono_s"])

    @property
    def build(self) -> Mapping[str, str]:
        """What recorded it, by name."""
        return {str(name): str(what) for name, what in self.header["build"].items()}

    @property
    def network_names(self) -> tuple[str, ...]:
        return tuple(self.header["networks"]["names"])

    @property
    def networks_hash(self) -> str:
        return str(self.header["networks"]["hash"])


class Intakes:
    """What reads the line of a capsule once more; seals are judged as they were then."""

    def __init__(self, capsule: Capsule) -> None:
        judged = [each.verdict for each in capsule.entries if isinstance(each, SealJudged)]
        self._guard = RecordedGuard(judged)
        self._capsule = capsule

    def first(self) -> Intake:
        """Return it as it stood at the beginning."""
        intake = copy.deepcopy(self._capsule.state.intake)
        intake.judge_by(self._guard)
        return intake

    def anew(self, entry: LineAnew) -> Intake:
        """Return it as it began anew."""
        guard = self._guard if entry.is_sealed else None
        settings = self._capsule.settings.analysis
        return Intake(settings, entry.device, phase_s=entry.phase_s, guard=guard)


def read_capsule(data: bytes) -> Capsule:
    """Return the capsule in a stream, as far as it is whole.

    Raises CapsuleError where these bytes are none, or too few of them to begin with.
    """
    content = read_stream(data)
    lines = content.lines
    if len(lines) < 2 or lines[0][0] != "capsule" or lines[1][0] != "state":
        raise CapsuleError(
            f"nothing of the capsule can be used: {content.problem or 'its beginning is missing'}"
        )
    header = _header(lines[0])
    last = lines[-1]
    ended = last[0] == "end"
    middle = lines[2:-1] if ended else lines[2:]
    return Capsule(
        header=header,
        settings=settings_of(header["settings"]),
        state=checkpoint_of(lines[1]),
        entries=tuple(entry_of(line) for line in middle),
        ending=str(last[1]["reason"]) if ended else "",
        problem=content.problem,
    )


def _header(line: Line) -> Mapping[str, Any]:
    header = line[1] if len(line) == 2 else None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        known = f"a capsule of format {FORMAT}"
        raise CapsuleError(f"it is not {known}, the one that this program reads")
    names = ("capsule_id", "raised_mono_s", "build", "networks", "settings", "raised_unix_s")
    missing = [name for name in names if name not in header]
    if missing:
        raise CapsuleError(f"its header has no {', '.join(missing)}")
    return header
