"""Tables and state diagram of docs/alarms.md, from the tables that the daemon goes by."""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot
from pathlib import Path
from typing import NamedTuple

from ecgd.config.hold_off import HoldOffSettings
from ecgd.decision.advice import NAMES
from ecgd.decision.alarm_table import SHOWN, TABLE, Trigger
from ecgd.decision.hold_off import clear_s, hold_off_s
from ecgd.decision.technical_table import TECHNICAL, TechnicalKind
from ecgd.model.alarm import PRIORITY, AlarmState, ChangeKind
from ecgd.model.finding import EventType

DOCS = Path(__file__).resolve().parent.parent / "docs"
DOCUMENT = DOCS / "alarms.md"
DIAGRAM = DOCS / "images" / "alarm-states.svg"

WIDTH, HEIGHT = 1140.0, 470.0
_HALF_WIDTH, _HALF_HEIGHT = 66.0, 22.0
_PLACE = {
    AlarmState.INACTIVE: (110.0, 130.0),
    AlarmState.PENDING: (390.0, 130.0),
    AlarmState.ACTIVE: (720.0, 130.0),
    AlarmState.LATCHED: (1040.0, 130.0),
    AlarmState.CLEARED: (390.0, 350.0),
    AlarmState.ACKNOWLEDGED: (720.0, 350.0),
}
_FILL = {
    AlarmState.ACTIVE: "#ffcdd2",
    AlarmState.LATCHED: "#ffe0b2",
    AlarmState.ACKNOWLEDGED: "#fff9c4",
}
_BEND = {
    (AlarmState.INACTIVE, AlarmState.ACTIVE): -85.0,
    (AlarmState.LATCHED, AlarmState.CLEARED): -190.0,
    (AlarmState.CLEARED, AlarmState.INACTIVE): 0.0,
    (AlarmState.CLEARED, AlarmState.ACTIVE): 0.0,
    (AlarmState.CLEARED, AlarmState.PENDING): 0.0,
    (AlarmState.ACKNOWLEDGED, AlarmState.CLEARED): 0.0,
}
"""By how much an arrow bends, where the usual bow would cross something."""

_LABEL_AT = {(AlarmState.CLEARED, AlarmState.ACTIVE): 0.3}
"""How far along an arrow its words stand, where it is not the middle."""

_BOW = -36.0
_OCCURRENCES = {ChangeKind.RAISED, ChangeKind.ESCALATED}


class Arrow(NamedTuple):
    """What leads from one state to another; each of ``words`` names triggers, and what is told."""

    begin: AlarmState
    end: AlarmState
    words: tuple[str, ...]
    is_occurrence: bool


def documents() -> dict[Path, str]:
    """Return both files as they should be."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, lines in (
        ("states", _state_table()),
        ("technical", _technical_table()),
        ("heart", _heart_table()),
    ):
        text = _with_table(text, name, "\n".join(lines))
    return {DOCUMENT: text, DIAGRAM: "\n".join(_diagram())}


def arrows() -> list[Arrow]:
    """Return every step that changes the state or starts an occurrence, one for each pair."""
    found = []
    for begin, row in TABLE.items():
        for end in AlarmState:
            told: dict[tuple[ChangeKind, ...], list[Trigger]] = {}
            for trigger, step in row.items():
                is_occurrence = bool(_OCCURRENCES & set(step.changes))
                if step.state is end and (end is not begin or is_occurrence):
                    told.setdefault(step.changes, []).append(trigger)
            if told:
                words = tuple(_words(changes, triggers) for changes, triggers in told.items())
                red = any(_OCCURRENCES & set(changes) for changes in told)
                found.append(Arrow(begin, end, words, red))
    return found


def _words(changes: tuple[ChangeKind, ...], triggers: list[Trigger]) -> str:
    told = " + ".join(kind.value.upper() for kind in changes)
    return f"{', '.join(triggers)}: {told}" if told else ", ".join(triggers)


def _with_table(text: str, name: str, table: str) -> str:
    begin = f"<!-- {name}: begin (written by scripts/build-docs) -->\n"
    end = f"<!-- {name}: end -->\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{table}\n\n{end}{after}"


def _state_table() -> Iterator[str]:
    yield "| befalls it | " + " | ".join(f"**{state}**" for state in TABLE) + " |"
    yield "|---|" + "---|" * len(TABLE)
    for trigger in Trigger:
        cells = (_cell(state, trigger) for state in TABLE)
        yield f"| `{trigger}` | " + " | ".join(cells) + " |"


def _cell(state: AlarmState, trigger: Trigger) -> str:
    step = TABLE[state][trigger]
    told = ", ".join(kind.value.upper() for kind in step.changes)
    where = "–" if step.state is state else f"→ {step.state}"
    return f"{where} {told}".strip()


def _technical_table() -> Iterator[str]:
    yield "| kind | what people read | priority | hold-off | clears after | cause |"
    yield "|---|---|---|---|---|---|"
    for kind, about in TECHNICAL.items():
        priority = PRIORITY[about.severity].value
        if about.graver is not None:
            priority += f", graver: {PRIORITY[about.graver].value}"
        mark = " ●" if about.blinds else ""
        yield (
            f"| `{kind.value}`{mark} | {NAMES[kind]} | {priority} | {_hold_words(kind, about)} "
            f"| {clear_s(kind, HoldOffSettings()):g} s | {about.cause} |"
        )


def _hold_words(kind: EventType, about: TechnicalKind) -> str:
    hold_s = hold_off_s(kind, HoldOffSettings())
    words = f"{hold_s:g} s" if hold_s else "none"
    return f"{words} (`{about.setting}`)" if about.setting else words


def _heart_table() -> Iterator[str]:
    yield "| kind | what people read | hold-off | clears after |"
    yield "|---|---|---|---|"
    for kind in EventType:
        if kind not in TECHNICAL:
            hold_s, free_s = (which(kind, HoldOffSettings()) for which in (hold_off_s, clear_s))
            words = f"{hold_s:g} s" if hold_s else "none beyond its definition"
            yield f"| `{kind.value}` | {NAMES[kind]} | {words} | {free_s:g} s |"


def _diagram() -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" '
        'font-family="sans-serif" font-size="12" role="img">'
    )
    yield "<title>States of one alarm, and what leads from one to the next</title>"
    for name, colour in (("told", "#b71c1c"), ("quiet", "#455a64")):
        yield (
            f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="{colour}"/></marker>'
        )
    yield f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#ffffff"/>'
    found = arrows()
    for arrow in found:
        yield _line(arrow)
    yield from map(_node, TABLE)
    for arrow in found:
        yield from _label(arrow)
    yield "</svg>\n"


def _node(state: AlarmState) -> str:
    x, y = _PLACE[state]
    border = 2.5 if state in SHOWN else 1.2
    return (
        f'<rect x="{x - _HALF_WIDTH:g}" y="{y - _HALF_HEIGHT:g}" width="{2 * _HALF_WIDTH:g}" '
        f'height="{2 * _HALF_HEIGHT:g}" rx="10" fill="{_FILL.get(state, "#eceff1")}" '
        f'stroke="#263238" stroke-width="{border:g}"/>'
        f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle" font-size="14">{state}</text>'
    )


def _line(arrow: Arrow) -> str:
    colour, name = ("#b71c1c", "told") if arrow.is_occurrence else ("#455a64", "quiet")
    points = [point for point in _curve(arrow) if not _is_inside(point, arrow)]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{path}" fill="none" stroke="{colour}" marker-end="url(#{name})"/>'


def _label(arrow: Arrow) -> Iterator[str]:
    curve = _curve(arrow)
    x, y = curve[int(_LABEL_AT.get((arrow.begin, arrow.end), 0.5) * len(curve))]
    anchor, (begin_x, _), (end_x, _) = "middle", _PLACE[arrow.begin], _PLACE[arrow.end]
    if begin_x == end_x and arrow.begin is not arrow.end:
        anchor, x = ("start", x + 5) if x > begin_x else ("end", x - 5)
    for line, text in enumerate(arrow.words):
        yield (
            f'<text x="{x:.1f}" y="{y + 15 * line + 4:.1f}" text-anchor="{anchor}" '
            f'stroke="#ffffff" stroke-width="4" paint-order="stroke" fill="#263238">{text}</text>'
        )


def _curve(arrow: Arrow) -> list[tuple[float, float]]:
    """Return points of a parabola from middle to middle; a loop over its state for itself."""
    (x0, y0), (x1, y1) = _PLACE[arrow.begin], _PLACE[arrow.end]
    if arrow.begin is arrow.end:
        x0, x1, control_x, control_y = x0 - 40, x1 + 40, (x0 + x1) / 2, y0 - 160
    else:
        bend, length = _BEND.get((arrow.begin, arrow.end), _BOW), hypot(x1 - x0, y1 - y0)
        control_x = (x0 + x1) / 2 - 2 * bend * (y1 - y0) / length
        control_y = (y0 + y1) / 2 + 2 * bend * (x1 - x0) / length
    shares = [step / 80 for step in range(81)]
    return [
        (
            (1 - t) ** 2 * x0 + 2 * t * (1 - t) * control_x + t * t * x1,
            (1 - t) ** 2 * y0 + 2 * t * (1 - t) * control_y + t * t * y1,
        )
        for t in shares
    ]


def _is_inside(point: tuple[float, float], arrow: Arrow) -> bool:
    return any(
        abs(point[0] - x) <= _HALF_WIDTH and abs(point[1] - y) <= _HALF_HEIGHT
        for x, y in (_PLACE[arrow.begin], _PLACE[arrow.end])
    )
