"""ecgctl tail: what happens, as it happens."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import click

from ecgd.cli.client import UnreachableError, find_socket
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import socket_option
from ecgd.cli.stream_client import LineReader, StreamClient
from ecgd.cli.tail_lines import EventLines
from ecgd.cli.words import clean

Json = dict[str, Any]

RETRY_S: Final = 1.0
SILENT_S: Final = 15.0
"""The daemon says at least every 5 s that it is alive; one that is silent for so long hangs."""


@click.command()
@click.option("--patient", metavar="ID", help="Events of this patient only.")
@click.option("--since-start", is_flag=True, help="First what has happened since its start.")
@click.option("--once", is_flag=True, help="End when the daemon goes away; else wait for it.")
@click.option("--json", "as_json", is_flag=True, help="Print each event as one line of JSON.")
@socket_option
@click.pass_context
def tail(
    ctx: click.Context,
    *,
    patient: str | None,
    since_start: bool,
    once: bool,
    as_json: bool,
    socket: Path | None,
) -> None:
    """Show events as they come: links, devices, alarms, alerts, deliveries. Ctrl-C ends it.

    A daemon that goes away is waited for.
    """
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    follower = _Follower(
        find_socket(socket, os.environ), patient, since_start, as_json, EventLines(colour=_colour())
    )
    try:
        _follow_on(follower, once=once)
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        # Whoever read us has seen enough; Python would complain once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    ctx.exit(ExitCode.UNREACHABLE)


@dataclass(slots=True)
class _Follower:
    """Follows one connection after the other; an event is told once, whatever is repeated."""

    path: Path
    patient: str | None
    since_start: bool
    as_json: bool
    event_lines: EventLines
    run_id: str = ""
    told: int = 0

    def follow(self) -> str:
        """Tell events until the connection ends; return why it did."""
        with StreamClient(self.path, self._target()) as stream:
            reader = LineReader()
            while stream.ending is None:
                if not stream.wait(SILENT_S):
                    return f"the daemon has said nothing for {SILENT_S:g} s"
                for told in reader.feed(stream.read()):
                    if told["type"] == "end":
                        return clean(told["reason"])
                    self._take(told)
        return "the daemon is gone"

    def _target(self) -> str:
        # After a break everything since the start is asked for, so that nothing falls between.
        query = {"since_start": "true"} if self.since_start or self.run_id else {}
        if self.patient is not None:
            query["patient"] = self.patient
        return f"/v1/events?{urlencode(query)}"

    def _take(self, told: Json) -> None:
        if told["type"] == "hello":
            if told["run_id"] != self.run_id:
                self.run_id, self.told = told["run_id"], 0
            return
        if told["type"] == "alive" or told.get("number", self.told + 1) <= self.told:
            return
        self.told = told.get("number", self.told)
        if self.as_json:
            click.echo(json.dumps(told, ensure_ascii=False))
            return
        for line in self.event_lines.lines(told):
            click.echo(line)


def _follow_on(follower: _Follower, *, once: bool) -> None:
    """Follow for ever, or with ``once`` as long as the daemon lives.

    Raises UnreachableError where no daemon was there at first, ControlError on a refusal.
    """
    while True:
        reason = follower.follow()
        click.echo(f"ecgctl: {reason}", err=True)
        if once:
            return
        click.echo("ecgctl: waiting for the daemon", err=True)
        _await_daemon(follower.path)
        click.echo("ecgctl: connected again", err=True)


def _await_daemon(path: Path) -> None:
    while True:
        time.sleep(RETRY_S)
        try:
            StreamClient(path, "/v1/events").close()
        except UnreachableError:
            continue
        return


def _colour() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
