"""From a recipe to a byte recording: the simulated node in virtual time, as the host hears it."""

from __future__ import annotations

import math
import shlex
from io import BytesIO
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

from replay_recipes import Recipe

from ecgd.node.device import FS_HZ, Device, SimulatedDevice
from ecgd.node.feed import Feed
from ecgd.node.options import NodeOptions, read_options
from ecgd.node.program import Node
from ecgd.node.pty_link import PtyLink
from ecgd.node.six_lead_device import SixLeadDevice
from ecgd.protocol import Command, encode_command
from ecgd.sources.byte_log import ByteLogHeader, ByteLogWriter, Direction
from ecgd.sources.byte_log_device import device_notes

ROOT: Final = Path(__file__).resolve().parents[2]
RECORDINGS: Final = ROOT / "tests" / "fixtures" / "recordings"

STEP_S: Final = 0.05
"""The host gets what has come in this time as one piece."""

SEED: Final = 1
BOOT: Final = 7

CUTS: Final = "cuts"
"""Note of a byte recording: ``FROM-TO,…``, the seconds in which the link was closed."""


class VirtualPort:
    """Stands where the node has its pseudo terminal: the host's side, in virtual time.

    Writes down what the host hears and says while it has the port open; the rest is unheard.
    """

    congested = False

    def __init__(self, recipe: Recipe, writer: ByteLogWriter, *, asks: bool) -> None:
        self._writer = writer
        self._asks = asks
        self._to_open_s = [start_s for start_s, _ in recipe.connected]
        self._spans = recipe.connected
        self._commands = list(recipe.commands)
        self.now_s = 0.0

    def read(self) -> bytes:
        """Return what the host says now."""
        said = bytearray()
        if self._to_open_s and self.now_s >= self._to_open_s[0]:
            self._to_open_s.pop(0)
            if self._asks:
                said += encode_command(Command.HELLO) + encode_command(Command.START)
        while self._commands and self.now_s >= self._commands[0].time_s:
            sent = self._commands.pop(0)
            said += encode_command(sent.command, sent.argument)
        if said:
            self._writer.write(bytes(said), Direction.TO_DEVICE, self.now_s)
        return bytes(said)

    def write(self, data: bytes) -> None:
        """Take what the radio delivers."""
        if data and any(start_s <= self.now_s < end_s for start_s, end_s in self._spans):
            self._writer.write(data, Direction.FROM_DEVICE, self.now_s)


def build_log(recipe: Recipe, seed: int = SEED) -> bytes:
    """Return the byte recording of a case: the same bytes each time."""
    options = _options(recipe, seed)
    device = _device(options)
    notes = {"case": recipe.name}
    if options.device.protocol != "block":
        notes |= device_notes(options.device)
    if cuts := _cuts(recipe):
        notes[CUTS] = ",".join(f"{start_s:g}-{end_s:g}" for start_s, end_s in cuts)
    file = BytesIO()
    writer = ByteLogWriter(file, ByteLogHeader(options.baud, notes))
    port = VirtualPort(recipe, writer, asks=options.device.protocol == "block")
    # The node asks no more of its port than VirtualPort has.
    node = Node(options, device, cast(PtyLink, port), None)
    for step in range(math.ceil(recipe.duration_s / STEP_S)):
        port.now_s = round(step * STEP_S, 6)
        node.move_on(port.now_s)
    return file.getvalue()


def _device(options: NodeOptions) -> Device:
    feed = Feed(options.parts, options.electrodes_off, FS_HZ)
    if options.device.protocol == "six-lead":
        return SixLeadDevice(feed, options.device, options.channel_faults)
    return SimulatedDevice(feed, options.device_id, options.battery, boot=BOOT)


def read_cuts(notes: dict[str, str]) -> tuple[tuple[float, float], ...]:
    """Return from when to when the link was closed, in seconds of the recording."""
    spans = (span.partition("-") for span in notes.get(CUTS, "").split(",") if span)
    return tuple((float(start), float(end)) for start, _, end in spans)


def _cuts(recipe: Recipe) -> tuple[tuple[float, float], ...]:
    """Return the cuts in the recording's time, which begins when the port is first opened."""
    zero_s = math.ceil(recipe.connected[0][0] / STEP_S - 1e-9) * STEP_S
    pairs = zip(recipe.connected, recipe.connected[1:], strict=False)
    return tuple((end_s - zero_s, start_s - zero_s) for (_, end_s), (start_s, _) in pairs)


def _options(recipe: Recipe, seed: int) -> NodeOptions:
    words = [
        word.replace("replay:", f"replay:{quote(str(RECORDINGS))}/")
        for word in shlex.split(recipe.node)
    ]
    return read_options([*words, "--link", "virtual", "--seed", str(seed), "--boot", str(BOOT)])
