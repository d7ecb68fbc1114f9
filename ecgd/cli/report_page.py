"""The page that a helper on the telephone asks for: numbered, plain, short enough to read out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ecgd.cli.words import clean

LINES_MAX: Final = 60
COLUMNS: Final = 80

_ADDRESS: Final = re.compile(r"(\w+://)(?:[^\s/@]*@)?([^\s/?#]*)[^\s]*")
_BLOCK_LEAST: Final = 2
"""A section of so many lines is not shortened any more: seven patients still fit."""

_CUT: Final = "  (more in ecgctl diagnostics and in the log)"


@dataclass(frozen=True, slots=True)
class Section:
    """One numbered part of the page; ``vital`` ones are never cut."""

    title: str
    lines: tuple[str, ...]
    vital: bool = False


def verdict(troubles: Sequence[str]) -> Section:
    """Return the first section: all is well, or what is wrong and what to do."""
    if not troubles:
        return Section("Everything is well", (), vital=True)
    title = "One thing needs you" if len(troubles) == 1 else f"{len(troubles)} things need you"
    return Section(title, tuple(troubles), vital=True)


def report_text(heading: str, sections: Iterable[Section], names: Mapping[str, str]) -> str:
    """Return the page, at most 60 lines of 80 columns.

    ``names`` maps what must not be read out, such as patients' names, to what stands for it;
    addresses lose all but their host. Sections are shortened from the longest on, vital ones last.
    """
    blocks = [_wrapped(section, names) for section in sections]
    room = LINES_MAX - 1 - len(blocks)
    while sum(map(len, blocks)) > room:
        long = [block for block in blocks if len(block) > _BLOCK_LEAST]
        if not long:
            break
        max(long, key=lambda block: (not block.vital, len(block))).cut()
    text = [_hidden(clean(heading), names)[:COLUMNS]]
    for number, block in enumerate(blocks, 1):
        text += [f"{number}. {block.title}"[:COLUMNS], *block.lines]
    return "\n".join(text)


@dataclass(slots=True)
class _Block:
    """A section as lines of text."""

    title: str
    lines: list[str]
    vital: bool

    def __len__(self) -> int:
        return len(self.lines)

    def cut(self) -> None:
        """Give up one line, and say that there was more."""
        # With the line that says so, two go for one.
        del self.lines[-2:]
        self.lines.append(_CUT)


def _wrapped(section: Section, names: Mapping[str, str]) -> _Block:
    lines: list[str] = []
    for line in section.lines:
        lines += textwrap.wrap(
            _hidden(clean(line), names),
            COLUMNS,
            initial_indent="  ",
            subsequent_indent="    ",
            break_on_hyphens=False,
        )
    return _Block(_hidden(clean(section.title), names), lines, section.vital)


def _hidden(text: str, names: Mapping[str, str]) -> str:
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", names[name].replace("\\", ""), text)
    return _ADDRESS.sub(r"\1\2", text)
