"""ecgctl record: the bytes of a patient's line into a file."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import click

from ecgd.cli.client import Client, UnreachableError, find_socket, path_segment
from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import socket_option
from ecgd.cli.record_file import RecordFile
from ecgd.cli.stream_client import Ending, LineReader, StreamClient
from ecgd.cli.words import clean, duration
from ecgd.errors import ControlError
from ecgd.sources.byte_log import SUFFIX, Direction

Json = dict[str, Any]

_TICK_S: Final = 0.5
_PAUSE_S: Final = 3.0
"""A line without bytes for so long is said to be silent."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--patient", required=True, metavar="ID", help="Whose device.")
@click.option(
    "--seconds",
    "seconds_s",
    type=click.FloatRange(min=0.1),
    metavar="N",
    help="End after so long; else Ctrl-C ends it.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@socket_option
@click.pass_context
def record(
    ctx: click.Context,
    *,
    file: Path,
    patient: str,
    seconds_s: float | None,
    force: bool,
    socket: Path | None,
) -> None:
    """Record what goes over a device's line, both ways, into FILE (.ecgdbytes).

    A link that is lost does not end the recording. FILE can be analysed and replayed.
    """
    if file.suffix != SUFFIX:
        raise click.UsageError(f"the file's name has to end in {SUFFIX}: {file}")
    path = find_socket(socket, os.environ)
    with StreamClient(path, f"/v1/patients/{path_segment(patient)}/bytes") as stream:
        target = RecordFile.create(file, force=force)
        run = _Run(target, stream, _open_events(path, patient), time.monotonic(), seconds_s)
        click.echo(f"recording the line of {patient} into {file}; Ctrl-C ends it", err=True)
        try:
            with _ending_by_signal(run):
                run.run()
        finally:
            target.close()
    _summarise(run)
    code = _outcome(run, Client(path))
    if code is not ExitCode.FINE:
        ctx.exit(code)


@dataclass(slots=True)
class _Run:
    """One recording."""

    target: RecordFile
    stream: StreamClient
    events: StreamClient | None
    began_s: float
    seconds_s: float | None
    ended_s: float = 0.0
    stopped: bool = False
    reader: LineReader | None = None
    heard_s: float = 0.0
    has_progress: bool = False

    def run(self) -> None:
        """Write what comes until time, signal or daemon end it."""
        self.heard_s = time.monotonic()
        self.reader = LineReader()
        shown_s = 0.0
        while not self.stopped and self.stream.ending is None and not self._is_over():
            self._wait()
            if self.target.take(self.stream.read()):
                self.heard_s = time.monotonic()
            self._tell_events()
            if time.monotonic() - shown_s >= _TICK_S:
                shown_s = time.monotonic()
                self._show_progress()
        self.ended_s = time.monotonic()
        self._end_line()

    def _is_over(self) -> bool:
        return self.seconds_s is not None and time.monotonic() - self.began_s >= self.seconds_s

    def _wait(self) -> None:
        left_s = _TICK_S
        if self.seconds_s is not None:
            left_s = min(left_s, self.began_s + self.seconds_s - time.monotonic())
        streams = [each for each in (self.stream, self.events) if each is not None]
        select.select(streams, [], [], max(0.0, left_s))

    def _tell_events(self) -> None:
        if self.events is None or self.reader is None:
            return
        for told in self.reader.feed(self.events.read()):
            if told["type"] == "event" and told["kind"] in ("link", "device"):
                self._end_line()
                at = time.strftime("%H:%M:%S", time.localtime(told["time_unix_s"]))
                click.echo(f"{at}  {clean(told['message'])}", err=True)
        if self.events.ending is not None:
            self.events.close()
            self.events = None

    def _show_progress(self) -> None:
        if not sys.stderr.isatty():
            return
        silent_s = time.monotonic() - self.heard_s
        silent = f", nothing for {duration(silent_s)}" if silent_s >= _PAUSE_S else ""
        count = self.target.byte_count[Direction.FROM_DEVICE]
        spent = duration(time.monotonic() - self.began_s)
        click.echo(f"\r\x1b[K{spent}: {count:,} bytes of the device{silent}", nl=False, err=True)
        self.has_progress = True

    def _end_line(self) -> None:
        if self.has_progress:
            click.echo("", err=True)
            self.has_progress = False


def _open_events(path: Path, patient: str) -> StreamClient | None:
    """Return a stream that tells of losses of the link; the recording goes on without it."""
    try:
        return StreamClient(path, f"/v1/events?{urlencode({'patient': patient})}")
    except ControlError:
        return None


@contextmanager
def _ending_by_signal(run: _Run) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the recording in order."""

    def stop(*_: object) -> None:
        run.stopped = True

    before = [(number, signal.signal(number, stop)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _summarise(run: _Run) -> None:
    counts = run.target.byte_count
    click.echo(
        f"{run.target.path}: {counts[Direction.FROM_DEVICE]:,} bytes of the device, "
        f"{counts[Direction.TO_DEVICE]:,} to it, in {duration(run.ended_s - run.began_s)}"
    )
    if counts[Direction.FROM_DEVICE]:
        click.echo(f"look at it with: ecgctl analyze {run.target.path}")
    else:
        click.echo("the device sent nothing: see ecgctl status")


def _outcome(run: _Run, client: Client) -> ExitCode:
    """Say why the recording ended before its time, and return the exit status."""
    if run.stream.ending is None:
        return ExitCode.FINE
    if run.stream.ending is Ending.CUT and _answers(client):
        click.echo("ecgctl: cut off: the bytes came faster than they were taken", err=True)
        click.echo("  the file is whole up to there; record to a faster disk", err=True)
        return ExitCode.ERROR
    click.echo("ecgctl: the daemon ended the recording: it stopped, or the patient left", err=True)
    click.echo("  the file is whole up to there; begin another when it runs again", err=True)
    return ExitCode.UNREACHABLE


def _answers(client: Client) -> bool:
    try:
        client.get("/v1/health")
    except UnreachableError:
        return False
    return True
