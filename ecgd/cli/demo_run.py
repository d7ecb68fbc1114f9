"""Runs the demo: starts everything, shows a line each second, and tells how the chain fared."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ecgd.cli.alert_page import networks_lines
from ecgd.cli.client import Client, UnreachableError
from ecgd.cli.demo_chain import (
    Link,
    analysis_link,
    networks_link,
    packets_link,
    pins_link,
    read_alerts,
    stored_link,
    webhook_link,
)
from ecgd.cli.demo_children import Child, stop_all
from ecgd.cli.demo_plan import Plan, prepare
from ecgd.cli.demo_receiver import Receiver
from ecgd.cli.live_line import live_line
from ecgd.cli.tables import SEVERITY_STYLE
from ecgd.cli.words import clean, duration
from ecgd.errors import ControlError

Json = dict[str, Any]

_TICK_S: Final = 1.0
_PLAIN_TICKS: Final = 5
"""Without a terminal the line is printed every so many ticks."""

_POLL_TIMEOUT_S: Final = 2.0
_SILENT_S: Final = 3.0


@dataclass(slots=True)
class _Watch:
    """What has been seen so far."""

    client: Client
    started_mono_s: float
    started_unix_s: float
    patient: Json | None = None
    networks: list[Json] = field(default_factory=list)
    answered_mono_s: float | None = None
    told: set[str] = field(default_factory=set)

    def elapsed_s(self) -> float:
        return time.monotonic() - self.started_mono_s


def run_demo(plan: Plan, *, expect: str, seconds_s: float | None) -> bool:
    """Run the demo to its end.

    With ``seconds_s``: True only if every link of the chain was seen to work. Without: True when
    a person ended it. Raises EcgdError when it cannot start or a program of it ends.
    """
    secret = prepare(plan)
    receiver = Receiver(plan.host, plan.port, secret, plan.state_dir / "received")
    console = Console(highlight=False)
    watch = _Watch(Client(plan.socket, _POLL_TIMEOUT_S), time.monotonic(), time.time())
    _greet(console, plan)
    children: list[Child] = []
    with _terminating_as_interrupt():
        try:
            _start(plan, children)
            receiver.start()
            finished = _watch_until(console, watch, children, seconds_s)
        finally:
            stop_all(children)
            receiver.stop()
    if seconds_s is None:
        console.print("stopped; database and log stay where they are")
        return True
    links = _chain(plan, watch, receiver, expect)
    _summarise(console, links, finished=finished)
    return finished and all(link.worked for link in links)


def _start(plan: Plan, children: list[Child]) -> None:
    environ = plan.environment(os.environ)
    node, daemon = plan.state_dir / "node.out", plan.state_dir / "ecgd.out"
    children.append(Child("the simulated device", plan.node_command(), environ, node))
    children.append(Child("the daemon", plan.daemon_command(), environ, daemon))


@contextmanager
def _terminating_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _watch_until(
    console: Console, watch: _Watch, children: list[Child], seconds_s: float | None
) -> bool:
    """Show the line until the time is up (True) or somebody interrupts (False)."""
    end_s = float("inf") if seconds_s is None else seconds_s
    ticks = 0
    with suppress(KeyboardInterrupt), _shown(console) as live:
        while watch.elapsed_s() < end_s:
            for child in children:
                child.check()
            _look(watch)
            _tell_alerts(console, watch)
            line = _line(watch)
            if live is not None:
                live.update(line, refresh=True)
            elif ticks % _PLAIN_TICKS == 0:
                console.print(line, no_wrap=True, overflow="ellipsis")
            ticks += 1
            due_s = min(end_s, ticks * _TICK_S) - watch.elapsed_s()
            time.sleep(max(0.0, due_s))
        return True
    return False


@contextmanager
def _shown(console: Console) -> Iterator[Live | None]:
    if not console.is_terminal:
        yield None
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield live


def _look(watch: _Watch) -> None:
    with suppress(UnreachableError):
        status = watch.client.get("/v1/status")
        patients, watch.networks = status["patients"], status["networks"]
        watch.answered_mono_s = time.monotonic()
        watch.patient = patients[0] if patients else None


def _line(watch: _Watch) -> Text:
    if watch.patient is None or watch.answered_mono_s is None:
        return Text(f"starting ... {duration(watch.elapsed_s())}", "dim")
    silent_s = time.monotonic() - watch.answered_mono_s
    if silent_s > _SILENT_S:
        return Text(f"the daemon has not answered for {duration(silent_s)}", "bold yellow")
    return live_line(watch.patient)


def _tell_alerts(console: Console, watch: _Watch) -> None:
    if watch.patient is None:
        return
    with suppress(ControlError):
        for alert in reversed(watch.client.get("/v1/alerts", {"limit": "20"})["alerts"]):
            if alert["alert_id"] not in watch.told:
                watch.told.add(alert["alert_id"])
                console.print(alert_text(alert, watch.elapsed_s()))


def alert_text(alert: Json, elapsed_s: float) -> Text:
    """Return an alert as a person reads it when it comes."""
    style = SEVERITY_STYLE.get(alert["severity"], "")
    where = f", {clean(alert['territory'])}" if alert["territory"] else ""
    simulated = ", simulated" if alert["simulated"] else ""
    text = Text(f"\n\N{BLACK CIRCLE} {alert['severity']} {alert['event_type']}{where}", style)
    text.append(f"  {duration(elapsed_s)} after the start{simulated}\n", "not bold dim")
    text.append(f"  {clean(alert['description'])}\n", "not bold default")
    evidence = [item for item in alert["evidence"] if item not in alert["description"]]
    if evidence:
        text.append(f"  {clean('; '.join(evidence))}\n", "not bold dim")
    if alert["scores"]:
        text.append(f"  networks: {'; '.join(networks_lines(alert['scores']))}\n", "not bold dim")
    text.append(f"  {clean(alert['recommended_action'])}\n", "bold default")
    return text


def _greet(console: Console, plan: Plan) -> None:
    source = clean(plan.source.removeprefix("replay:").partition("?")[0].rpartition("/")[2])
    sent = f"{source or clean(plan.source)}, byte by byte at {plan.baud} baud"
    console.print(Text.assemble(("ecgd demo: ", "bold"), (f"{sent} through a simulated HC-05", "")))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("  database", near(plan.database))
    grid.add_row("  log", near(plan.log))
    grid.add_row("  try", f"{_program()} status --socket {shlex.quote(near(plan.socket))}")
    grid.add_row("  end", "Ctrl-C")
    console.print(grid)


def near(path: Path) -> str:
    """Return a path as it is typed from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _program() -> str:
    program = Path(sys.argv[0])
    return shlex.quote(near(program.absolute())) if program.name == "ecgctl" else "ecgctl"


def _chain(plan: Plan, watch: _Watch, receiver: Receiver, expect: str) -> list[Link]:
    alerts = read_alerts(plan.database, watch.started_unix_s)
    expected = [] if isinstance(alerts, str) else [a for a in alerts if a.event_type == expect]
    severity = expected[0].severity if expected else "CRITICAL"
    return [
        packets_link(watch.patient),
        analysis_link(watch.patient),
        *((networks_link(alerts, expect),) if watch.networks else ()),
        stored_link(alerts, expect),
        pins_link(plan.pulse_log, severity, watch.started_mono_s),
        webhook_link(receiver.deliveries, alerts, expect),
    ]


def _summarise(console: Console, links: list[Link], *, finished: bool) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=1)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for link in links:
        mark = Text("\N{CHECK MARK}", "green") if link.worked else Text("\N{BALLOT X}", "bold red")
        grid.add_row(mark, link.name, Text(clean(link.evidence)))
    console.print(grid)
    if not finished:
        console.print(Text("stopped before its time", "yellow"))
    elif all(link.worked for link in links):
        console.print(Text("every link of the chain was seen to work", "bold green"))
    else:
        console.print(Text("the chain is broken", "bold red"))
