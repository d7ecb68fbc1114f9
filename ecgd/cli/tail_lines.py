"""Events of the daemon, one friendly line each."""

from __future__ import annotations

import time
from typing import Any, Final

import click

from ecgd.cli.words import clean

Json = dict[str, Any]

_STYLE: Final[dict[str, dict[str, Any]]] = {
    "CRITICAL": {"fg": "red", "bold": True},
    "HIGH": {"fg": "red", "bold": True},
    "MEDIUM": {"fg": "yellow"},
    "LOW": {"fg": "cyan"},
}
_BAD_LINK: Final = ("closed", "silent", "ended")
_NAME_CHARS: Final = 16
_GATEWAY: Final = "gateway"


class EventLines:
    """Makes lines of events; names the day where it changes. ``told`` is the newest event's number.

    An alarm that is raised has its alert, which says more: it gets no line of its own.
    """

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._day = time.strftime("%Y-%m-%d")

    def lines(self, event: Json) -> list[str]:
        """Return the lines of one object of the stream, none for what is not worth one."""
        match event["type"]:
            case "event" | "alarm":
                if event["kind"] == "alarm" and event["change"] in ("raised", "escalated"):
                    return []
                return [*self._new_day(event), self._line(event)]
            case "missed":
                return [f"-- {event['count']} events were missed: this program was too slow --"]
            case _:
                return []

    def _new_day(self, event: Json) -> list[str]:
        day = time.strftime("%Y-%m-%d", time.localtime(event["time_unix_s"]))
        if day == self._day:
            return []
        self._day = day
        return [f"-- {day} --"]

    def _line(self, event: Json) -> str:
        at = time.strftime("%H:%M:%S", time.localtime(event["time_unix_s"]))
        name = clean(event["patient_name"] or _GATEWAY)[:_NAME_CHARS]
        severity = f"{event['severity']} " if event["kind"] == "alert" else ""
        text = f"{severity}{clean(event['message'])}"
        return f"{at}  {name:<{_NAME_CHARS}}  {self._styled(text, event)}"

    def _styled(self, text: str, event: Json) -> str:
        if not self._colour:
            return text
        if event["kind"] == "link":
            return click.style(text, fg="yellow" if event["change"] in _BAD_LINK else "green")
        over = event["kind"] == "alarm" and event["change"] == "cleared"
        style = {"fg": "green"} if over else _STYLE.get(event["severity"] or "", {})
        return click.style(text, **style)
