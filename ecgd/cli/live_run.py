"""Runs the bedside view: reads the stream and the keys, draws ten times a second."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ecgd.cli.client import Client, path_segment
from ecgd.cli.live_monitor import Monitor
from ecgd.cli.live_page import render
from ecgd.cli.live_paper import Surroundings, lay_out
from ecgd.cli.live_screen import EndedError, Painter, Screen, taken_over
from ecgd.cli.live_trace import Sweep
from ecgd.cli.standing import standing_alarms
from ecgd.cli.stream_client import LineReader, StreamClient
from ecgd.cli.words import clean
from ecgd.errors import ControlError, EcgdError

Json = dict[str, Any]

FRAME_S: Final = 0.1
MAX_SHARE: Final = 0.08
"""Drawing takes no more of a core than this: on a slow machine the frames become fewer."""

SLOWEST_S: Final = 0.5
"""But a page is never older than this: what stands still must be seen to within a second."""

FIT_S: Final = 1.0
RETRY_S: Final = 1.0
MESSAGE_S: Final = 4.0
HANGING_S: Final = 10.0
"""A daemon that says nothing for so long is asked for a new connection."""

_ANSWER_S: Final = 1.0
"""The picture stands while the daemon is asked something: not for longer."""


@dataclass(slots=True)
class LiveRun:
    """One run of ``ecgctl live``."""

    path: Path
    patient_id: str | None
    mm_per_s: float
    ascii_only: bool
    colour: bool
    by: str
    monitor: Monitor = field(init=False)
    _client: Client = field(init=False)
    _stream: StreamClient | None = None
    _reader: LineReader = field(default_factory=LineReader)
    _retry_s: float = 0.0
    _heard_s: float = 0.0
    _fit_s: float = 0.0
    _message: str = ""
    _message_s: float = 0.0
    _asks: tuple[str, Callable[[], None]] | None = None
    _running: bool = True

    def __post_init__(self) -> None:
        self.monitor = Monitor(sweep=Sweep(self.mm_per_s), connection_s=time.monotonic())
        self._client = Client(self.path, _ANSWER_S)

    def run(self) -> None:
        """Show the patient until a person ends it.

        Raises UnreachableError and ControlError where it cannot begin; the terminal is as before.
        """
        self._connect()
        try:
            with (
                contextlib.suppress(KeyboardInterrupt, EndedError),
                taken_over(Painter(colour=self.colour)) as screen,
            ):
                self._loop(screen)
        finally:
            self._disconnect()

    def _loop(self, screen: Screen) -> None:
        due_s = 0.0
        while self._running:
            now_s = time.monotonic()
            if now_s >= due_s:
                began_s = time.thread_time()
                self._draw(screen, now_s)
                spent_s = time.thread_time() - began_s
                due_s = max(due_s + FRAME_S, now_s + min(spent_s / MAX_SHARE, SLOWEST_S))
            if self._stream is None and now_s >= self._retry_s:
                self._try_to_connect(now_s)
            self._wait(max(0.0, due_s - time.monotonic()))

    def _wait(self, patience_s: float) -> None:
        waited: list[Any] = [sys.stdin]
        if self._stream is not None:
            waited.append(self._stream)
        ready = select.select(waited, [], [], patience_s)[0]
        if sys.stdin in ready:
            self._take_keys()
        if self._stream is not None:
            self._read(self._stream)

    def _draw(self, screen: Screen, now_s: float) -> None:
        width, height = screen.size()
        if now_s - self._fit_s >= FIT_S:
            self._fit_s = now_s
            leads = self.monitor.shown_leads()
            self.monitor.fit(lay_out(width, height, len(leads)).height_dots)
        around = Surroundings(
            time.strftime("%H:%M:%S"), now_s, self._prompt(now_s), self.ascii_only
        )
        screen.show(render(self.monitor, around, width, height), width, height)

    def _prompt(self, now_s: float) -> str:
        if self._asks is not None:
            return self._asks[0]
        return self._message if now_s - self._message_s < MESSAGE_S else ""

    def _say(self, message: str) -> None:
        self._message, self._message_s = clean(message), time.monotonic()

    def _read(self, stream: StreamClient) -> None:
        now_s = time.monotonic()
        data = stream.read()
        if data:
            self._heard_s = now_s
        for told in self._reader.feed(data):
            self.monitor.take(told, now_s)
            if told["type"] == "end":
                self._lose(told["reason"], now_s)
                return
        if stream.ending is not None:
            self._lose("the daemon is gone", now_s)
        elif now_s - self._heard_s > HANGING_S:
            self._lose("the daemon does not answer", now_s)

    def _lose(self, reason: str, now_s: float) -> None:
        self._disconnect()
        self.monitor.lose(reason, now_s)
        self._retry_s = now_s + RETRY_S

    def _disconnect(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _try_to_connect(self, now_s: float) -> None:
        try:
            self._connect()
        except EcgdError as error:
            self.monitor.lose(error.what, now_s)
            self._retry_s = time.monotonic() + RETRY_S

    def _connect(self) -> None:
        """Open the stream of the patient; without one, of the first that is configured."""
        if self.patient_id is None:
            self.patient_id = self._patient_ids()[0]
        self._reader = LineReader()
        route = f"/v1/patients/{path_segment(self.patient_id)}/live"
        self._stream = StreamClient(self.path, route, _ANSWER_S)
        self._heard_s = time.monotonic()

    def _patient_ids(self) -> list[str]:
        ids = [patient["patient_id"] for patient in self._client.get("/v1/patients")["patients"]]
        if not ids:
            raise ControlError("the daemon watches nobody", "add one: ecgctl patients --help")
        return ids

    def _take_keys(self) -> None:
        typed = os.read(sys.stdin.fileno(), 64)
        if not typed:
            self._running = False
        if typed.startswith(b"\x1b"):
            # An arrow or a function key: none of ours, and its letters are no keys.
            return
        for key in typed.decode("ascii", "replace"):
            self._press(key)

    def _press(self, key: str) -> None:
        if self._asks is not None:
            asked, self._asks = self._asks, None
            if key in "yY":
                self._attempt(asked[1])
            else:
                self._say("nothing was done")
            return
        match key:
            case "q" | "\x04":
                self._running = False
            case "p":
                self._attempt(self._next_patient)
            case "a":
                self._ask_to_acknowledge()
            case "s":
                self._attempt(self._pause_sound)
            case "+" | "=" | "-":
                self.monitor.gain.turn(-1 if key == "-" else 1)
            case "0":
                self.monitor.gain.automatic = True
            case " ":
                self.monitor.toggle_freeze(time.monotonic())
            case _:
                pass

    def _attempt(self, work: Callable[[], None]) -> None:
        """Do what asks the daemon; a refusal is a message, not the end."""
        try:
            work()
        except EcgdError as error:
            self._say(f"{error.what}: {error.remedy}" if error.remedy else error.what)

    def _next_patient(self) -> None:
        ids = self._patient_ids()
        place = ids.index(self.patient_id) if self.patient_id in ids else -1
        following = ids[(place + 1) % len(ids)]
        if following == self.patient_id:
            self._say("there is no other patient")
            return
        self._disconnect()
        self.monitor.forget()
        self.patient_id = following
        self._connect()

    def _ask_to_acknowledge(self) -> None:
        monitor, patient_id = self.monitor, self.monitor.patient_id
        waiting = [
            alarm
            for alarm in (standing_alarms(monitor.patient) if monitor.patient else [])
            if alarm["state"] != "acknowledged"
        ]
        if not waiting:
            self._say("no alarm waits to be acknowledged")
            return
        names = ", ".join(clean(alarm["event_type"]) for alarm in waiting)
        # What is confirmed is what was shown: an alarm that comes meanwhile is not acknowledged.
        ids = [alarm["alert_id"] for alarm in waiting]
        question = f"acknowledge {names} of {clean(monitor.name)} ({patient_id}) as {self.by}? y/n"
        self._asks = (question, lambda: self._acknowledge(ids))

    def _acknowledge(self, alert_ids: list[str]) -> None:
        for alert_id in alert_ids:
            route = f"/v1/alerts/{path_segment(alert_id)}/acknowledge"
            self._client.post(route, {"by": self.by})
        self._say(f"acknowledged as {self.by}")

    def _pause_sound(self) -> None:
        answer = self._client.post("/v1/audio/pause", {"by": self.by})
        self._say(f"sound paused for {answer['audio_paused_s']:.0f} s, as {self.by}")
