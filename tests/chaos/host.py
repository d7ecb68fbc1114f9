"""The gateway's end of a line: the real intake, and an account of what it delivers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from chaos.numbers import numbers_of
from chaos.sent import Sent
from ecgd.config.settings import AnalysisSettings, DeviceSettings
from ecgd.model.device import DeviceStatus
from ecgd.model.link import BytesReceived
from ecgd.pipeline.intake import (
    DeviceReset,
    DeviceSeen,
    Intake,
    IntakeEvent,
    SamplesPlaced,
    StatusSeen,
)
from ecgd.protocol import Command, LinkKey, SealGuard, encode_command
from ecgd.service.patient_link import ASK_AGAIN_S

_SETTINGS = AnalysisSettings(hop_s=5.0)


@dataclass(slots=True)
class Span:
    """Samples that the receiver counts as one (an origin), by their true numbers.

    ``in_gaps`` is how many it says are missing among them.
    """

    begin: int
    end: int
    in_gaps: int = 0


@dataclass(slots=True)
class Account:
    """What was delivered; counts are of samples, but for ``false_packets``."""

    delivered: int = 0
    false_packets: int = 0
    shifted: int = 0
    twice: int = 0
    misnamed: int = 0
    spans: list[Span] = field(default_factory=list)
    first_after_cut_s: list[float] = field(default_factory=list)


class Host:
    """Receives on one line, asks who is there as the daemon does, and keeps the account."""

    def __init__(
        self, sent: Sent, *, key: LinkKey | None = None, device: DeviceSettings | None = None
    ) -> None:
        self.account = Account()
        self._sent = sent
        guard = SealGuard(key) if key is not None else None
        self.intake = Intake(_SETTINGS, device or DeviceSettings(), guard=guard)
        self.seen = np.zeros(sent.capacity, dtype=np.bool_)
        self._asked_s = -np.inf
        self._is_anew = True
        self._base = 0
        self._back_s: float | None = None

    def open(self, time_s: float) -> bytes:
        """The line is open: return what the daemon sends at once."""
        self._back_s = time_s
        return self._ask(time_s)

    def ask_if_needed(self, time_s: float) -> bytes:
        """Return what the daemon sends to a device that has not said who it is."""
        unknown = self.intake.device is None or self.intake.awaits_hello
        if not unknown or not self.intake.takes_commands or time_s - self._asked_s < ASK_AGAIN_S:
            return b""
        return self._ask(time_s)

    def receive(self, data: bytes, time_s: float) -> None:
        """Take what has arrived."""
        if data:
            self._note(self.intake.receive(BytesReceived(data, time_s)), time_s)

    def cut(self, time_s: float) -> None:
        """The line is gone."""
        self._note(self.intake.interrupt(time_s), time_s)

    def _ask(self, time_s: float) -> bytes:
        self._asked_s = time_s
        return encode_command(Command.HELLO) + encode_command(Command.START)

    def _note(self, events: tuple[IntakeEvent, ...], time_s: float) -> None:
        for event in events:
            match event:
                case SamplesPlaced():
                    self._place(event, time_s)
                case StatusSeen():
                    self._check(event.status)
                case DeviceSeen() if not self._sent.knows(event.device):
                    self.account.false_packets += 1
                case DeviceReset():
                    self._is_anew = True
                case _:
                    pass

    def _check(self, status: DeviceStatus) -> None:
        """Hold a status against all that were sent, and against those of the device that is there.

        Two devices may report the same, so a status says less about its sender than a sample does.
        """
        device, statuses = self.intake.device, self._sent.statuses
        self.account.false_packets += all(status not in known for known in statuses.values())
        if device is not None:
            self.account.misnamed += status not in statuses[device.device_id]

    def _place(self, placed: SamplesPlaced, time_s: float) -> None:
        account, block = self.account, placed.block
        if self._back_s is not None:
            account.first_after_cut_s.append(time_s - self._back_s)
            self._back_s = None
        numbers = numbers_of(block.counts)
        first, end = int(numbers[0]), int(numbers[0]) + len(numbers)
        if not ((np.diff(numbers) == 1).all() and self._sent.are_real(numbers).all()):
            account.false_packets += 1
            return
        if self._is_anew:
            self._is_anew, self._base = False, first - block.start_index
            account.spans.append(Span(first, end))
        span = account.spans[-1]
        span.end, span.in_gaps = max(span.end, end), span.in_gaps + placed.gap_samples
        account.shifted += len(numbers) * (first != self._base + block.start_index)
        account.twice += int(self.seen[first:end].sum())
        owners = self._sent.owner[first:end]
        account.misnamed += int((owners != self._sent.names.index(placed.device.device_id)).sum())
        self.seen[first:end] = True
        account.delivered += len(numbers)
