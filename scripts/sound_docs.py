"""Table and timing diagram of docs/sound.md, from the patterns as they are played."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from ecgd.alerts.patterns import BUZZER, HEARTBEAT, LIGHT, Channel, Pattern, edges_until
from ecgd.model.alarm import Priority

DOCS = Path(__file__).resolve().parent.parent / "docs"
DOCUMENT = DOCS / "sound.md"
DIAGRAM = DOCS / "images" / "sound.svg"
BEGIN = "<!-- table: begin (written by scripts/build-docs) -->\n"
END = "<!-- table: end -->\n"

LIMITS = {
    Priority.HIGH: ("red, 1.4–2.8 Hz, duty 20–60 %", "10 of 75–200 ms", "2.5–15 s"),
    Priority.MEDIUM: ("yellow, 0.4–0.8 Hz, duty 20–60 %", "3 of 125–250 ms", "2.5–30 s"),
    Priority.LOW: ("yellow or cyan, steady", "1–2, or none", "more than 15 s, or once"),
}
"""IEC 60601-1-8:2006+A2:2020, 6.3.2 and 6.3.3."""

SECONDS = 14.0
_LEFT, _SCALE, _ROW, _HIGH = 150.0, 50.0, 30.0, 16.0
_COLOUR = {
    Channel.RED: "#c62828",
    Channel.YELLOW: "#e0a800",
    Channel.GREEN: "#2e7d32",
    Channel.BUZZER: "#37474f",
}


def documents() -> dict[Path, str]:
    """Return both files as they should be."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(_table())
    return {DOCUMENT: f"{before}{BEGIN}\n{table}\n\n{END}{after}", DIAGRAM: "\n".join(_diagram())}


def _table() -> Iterator[str]:
    yield "| priority | | light | pulses of a burst | pause after a burst |"
    yield "|---|---|---|---|---|"
    for priority, limits in LIMITS.items():
        light, burst = _light_words(priority), BUZZER[priority]
        yield f"| {priority.value} | standard | {' | '.join(limits)} |"
        yield f"| | **ecgd** | {light} | {_burst_words(burst)} | {_pause_s(burst):g} s |"


def _light_words(priority: Priority) -> str:
    channel, pattern = LIGHT[priority]
    if pattern.period_s is None:
        return f"{channel.value}, steady"
    [(begin_s, end_s)] = pattern.pulses_s
    duty = 100.0 * (end_s - begin_s) / pattern.period_s
    return f"{channel.value}, {1.0 / pattern.period_s:g} Hz, duty {duty:g} %"


def _burst_words(burst: Pattern) -> str:
    """Say how many pulses, how long, in which groups: a longer gap parts two."""
    gaps_s = [later[0] - earlier[1] for earlier, later in pairwise(burst.pulses_s)]
    groups = [1]
    for gap_s in gaps_s:
        if gap_s > min(gaps_s) + 1e-6:
            groups.append(1)
        else:
            groups[-1] += 1
    length_ms = 1e3 * (burst.pulses_s[0][1] - burst.pulses_s[0][0])
    words = f"{len(burst.pulses_s)} of {length_ms:g} ms"
    return words if len(groups) == 1 else f"{words}, as {' + '.join(map(str, groups))}"


def _pause_s(burst: Pattern) -> float:
    return round((burst.period_s or 0.0) - burst.pulses_s[-1][1], 6)


def _rows() -> Iterator[tuple[str, Channel, Pattern]]:
    for priority in Priority:
        channel, light = LIGHT[priority]
        yield f"{priority.value}: light", channel, light
        yield f"{priority.value}: buzzer", Channel.BUZZER, BUZZER[priority]
    yield "all well: light", Channel.GREEN, HEARTBEAT


def _diagram() -> Iterator[str]:
    rows = list(_rows())
    width, height = _LEFT + SECONDS * _SCALE + 20.0, len(rows) * _ROW + 40.0
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        'font-family="sans-serif" font-size="13" role="img">'
    )
    yield "<title>When light and buzzer are on, for each priority</title>"
    yield f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>'
    bottom = len(rows) * _ROW + 12.0
    for second in range(int(SECONDS) + 1):
        x = _LEFT + second * _SCALE
        yield f'<path d="M{x:g} 8V{bottom:g}" stroke="#dddddd"/>'
        yield f'<text x="{x:g}" y="{bottom + 16:g}" text-anchor="middle">{second}</text>'
    yield f'<text x="10" y="{bottom + 16:g}">seconds</text>'
    for number, (name, channel, pattern) in enumerate(rows):
        yield from _row(10.0 + number * _ROW, name, channel, pattern)
    yield "</svg>\n"


def _row(top: float, name: str, channel: Channel, pattern: Pattern) -> Iterator[str]:
    yield f'<text x="10" y="{top + _HIGH - 3:g}">{name}</text>'
    edges = [*edges_until(pattern, SECONDS), (SECONDS, False)]
    for (begin_s, on), (end_s, _) in pairwise(edges):
        if on:
            x, length = _LEFT + begin_s * _SCALE, (end_s - begin_s) * _SCALE
            yield (
                f'<rect x="{round(x, 2):g}" y="{top:g}" width="{round(length, 2):g}" '
                f'height="{_HIGH:g}" fill="{_COLOUR[channel]}"/>'
            )
