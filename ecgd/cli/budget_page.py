"""A budget as a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ecgd.cli.moments import local_time
from ecgd.cli.words import clean

Json = dict[str, Any]


def budget_page(answer: Json) -> RenderableType:
    """Return what each setting's other values would have done, then what cannot be told."""
    return Group(*_page(answer))


def _page(answer: Json) -> Iterator[RenderableType]:
    since = local_time(answer["since_unix_s"], seconds=False)
    yield Text.assemble(
        (f"since {since}: ", "bold"),
        f"{answer['raised']} alerts of the heart were raised, a replay with today's settings "
        f"raises {answer['replayed']}",
    )
    yield Text(f"today's settings are those of {clean(answer['settings_of'])}", style="dim")
    yield Text("confirmed: marked true, or CRITICAL while nobody marked it", style="dim")
    silent = [each["key"] for each in answer["settings"] if _is_silent(each)]
    for setting in answer["settings"]:
        if setting["key"] not in silent:
            yield from _setting(setting)
    if silent:
        yield Text(f"\nno alarm with any value: {', '.join(silent)}", style="dim")
    yield Text("\nwhat stored figures cannot tell", style="bold")
    for caveat in answer["caveats"]:
        yield Padding(Text(f"- {clean(caveat)}", style="dim"), (0, 0, 0, 2))


def _is_silent(setting: Json) -> bool:
    return not any(each["alarms"] for each in setting["values"])


def _setting(setting: Json) -> Iterator[RenderableType]:
    yield Text(f"\n{clean(setting['key'])}", style="bold")
    for each in setting["values"]:
        style = "bold red" if each["confirmed_lost"] else "dim" if each["is_now"] else ""
        yield Padding(Text(clean(each["words"]), style=style), (0, 0, 0, 2))
        yield from (Padding(line, (0, 0, 0, 6)) for line in _warnings(each))
    if setting["lines"]:
        yield Padding(Text("into the configuration, if you want it:"), (0, 0, 0, 2))
        for line in setting["lines"]:
            table, _, rest = line.partition("] ")
            yield Padding(Text(f"{table}]\n{rest}", style="green"), (0, 0, 0, 6))


def _warnings(value: Json) -> Iterator[Text]:
    for alert in value["confirmed_lost"]:
        when = local_time(alert["occurred_unix_s"], seconds=False)
        later_s = alert["later_s"]
        late = "" if later_s is None else f", told {later_s / 60:.0f} min too late"
        words = f"lost: {alert['event_type']} of {when} ({alert['reason']}{late})"
        yield Text(clean(f"{words}, {alert['alert_id'][:8]}"), style="red")
    if value["beyond_guideline"]:
        yield Text(clean(f"leaves the guideline: {value['beyond_guideline']}"), style="yellow")
