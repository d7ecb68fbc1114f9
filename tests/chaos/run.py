"""One trial: one or two lines in a kind of weather, for so many samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chaos.host import Host
from chaos.line import STEP_S, DeviceLine
from chaos.sent import Sent
from chaos.weather import Weather
from ecgd.node.device import FS_HZ
from ecgd.protocol import LinkKey

CHANCE_OF_A_TAG = 2.0**-32
KEYS = (LinkKey(bytes(range(100, 116))), LinkKey(bytes(range(200, 216))))
SLACK = 4096
"""A device whose oscillator is fast makes a few more samples than it should."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one trial gave; all but the last five are counts of samples.

    ``in_gaps``: missing, by the receiver's word. ``between_counts``: not delivered, and the
    receiver says that it counts anew. ``not_yet``: after the last one delivered, still on its way
    or lost with nothing behind it. ``wrong_gaps``: by how much the receiver's word is wrong.
    ``lost_after``: most whole packets lost in a row after the end of a disturbance;
    ``lost_in_calm``: all that were lost later in calm. ``back_s``: longest time from a new
    connection to samples. ``candidates``: how many had a wrong CRC; times 2⁻³² is the expected
    number of false packets.
    """

    sent: int
    delivered: int
    in_gaps: int
    between_counts: int
    not_yet: int
    wrong_gaps: int
    shifted: int
    twice: int
    misnamed: int
    counts: int
    lost_after: int
    lost_in_calm: int
    back_s: float
    false_packets: int
    candidates: int

    @property
    def adds_up(self) -> bool:
        """Whether every sample is accounted for, and none is where it does not belong."""
        whole = self.delivered + self.in_gaps + self.between_counts + self.not_yet
        wrong = self.wrong_gaps + self.shifted + self.twice + self.misnamed + self.false_packets
        return self.sent == whole and wrong == 0


def run_trial(
    weather: Weather, samples: int, seed: int, *, sealed: bool = False, devices: int = 1
) -> Outcome:
    """Run a trial in simulated time. With two devices each cut exchanges their lines."""
    share = samples // devices + samples // 50 + SLACK
    sent = Sent(devices * share)
    keys = KEYS[:devices] if sealed else (None,) * devices
    lines = [
        DeviceLine(f"node-{n + 1}", weather, sent, 2 * seed + n, key=key, first=n * share)
        for n, key in enumerate(keys)
    ]
    hosts = [Host(sent, key=key) for key in keys]
    _Course(lines, hosts, seed).run(samples / devices / FS_HZ)
    return _outcome(sent, lines, hosts)


class _Course:
    """Moves lines and hosts on together, and takes the connection away where the weather does."""

    def __init__(self, lines: list[DeviceLine], hosts: list[Host], seed: int) -> None:
        self._lines = lines
        self._hosts = hosts
        self._rng = np.random.default_rng((seed, 3))
        self._to_device = [b""] * len(lines)
        self._cuts: list[tuple[float, float]] = []
        self._was_bad = False

    def run(self, duration_s: float) -> None:
        """Run for so long, then a calm end."""
        for host, number in zip(self._hosts, range(len(self._hosts)), strict=True):
            self._to_device[number] = host.open(0.0)
        for step in range(1, round(duration_s / STEP_S) + 1):
            self._step(step * STEP_S)

    def _step(self, time_s: float) -> None:
        self._plan(time_s)
        for number, (line, host) in enumerate(zip(self._lines, self._hosts, strict=True)):
            heard, self._to_device[number] = self._to_device[number], b""
            host.receive(line.move_on(time_s, heard if line.air.connected else b""), time_s)
            if line.air.connected:
                self._to_device[number] += host.ask_if_needed(time_s)

    def _plan(self, time_s: float) -> None:
        weather = self._lines[0].weather
        bad = weather.is_bad(time_s)
        if weather.cut_s and bad and not self._was_bad:
            length_s = self._rng.uniform(0.2, weather.cut_s)
            begin_s = time_s + self._rng.uniform(0, weather.bad_s - length_s)
            self._cuts.append((begin_s, begin_s + length_s))
        self._was_bad = bad
        for begin_s, end_s in self._cuts:
            if begin_s <= time_s < begin_s + STEP_S:
                self._cut(time_s)
            if end_s <= time_s < end_s + STEP_S:
                self._reconnect(time_s)

    def _cut(self, time_s: float) -> None:
        for line, host in zip(self._lines, self._hosts, strict=True):
            line.air.connected = False
            host.cut(time_s)

    def _reconnect(self, time_s: float) -> None:
        """The devices are there again: of two, each on the other's line."""
        self._lines.reverse()
        for number, (line, host) in enumerate(zip(self._lines, self._hosts, strict=True)):
            line.air.connected = True
            self._to_device[number] = host.open(time_s)


def _outcome(sent: Sent, lines: list[DeviceLine], hosts: list[Host]) -> Outcome:
    accounts = [host.account for host in hosts]
    spans = [span for account in accounts for span in account.spans]
    seen = np.logical_or.reduce([host.seen for host in hosts])
    missing = sent.made & ~seen
    inside, newest = np.zeros_like(seen), np.zeros_like(seen)
    for span in spans:
        inside[span.begin : span.end] = True
    for line in lines:
        own = np.flatnonzero(seen & (sent.owner == sent.names.index(line.name)))
        newest[line.first : int(own[-1]) if own.size else line.first] = True
    after = [_lost_after(line, seen) for line in lines]
    return Outcome(
        sent=sent.samples,
        delivered=sum(account.delivered for account in accounts),
        in_gaps=sum(span.in_gaps for span in spans),
        between_counts=int((missing & ~inside & newest).sum()),
        not_yet=int((missing & ~inside & ~newest).sum()),
        wrong_gaps=sum(
            abs(int(missing[span.begin : span.end].sum()) - span.in_gaps) for span in spans
        ),
        shifted=sum(account.shifted for account in accounts),
        twice=sum(account.twice for account in accounts),
        misnamed=sum(account.misnamed for account in accounts),
        counts=len(spans),
        lost_after=max(at_once for at_once, _ in after),
        lost_in_calm=sum(later for _, later in after),
        back_s=max(max(account.first_after_cut_s) for account in accounts),
        false_packets=sum(account.false_packets for account in accounts),
        candidates=sum(host.intake.statistics.crc_errors for host in hosts),
    )


def _lost_after(line: DeviceLine, seen: NDArray[np.bool_]) -> tuple[int, int]:
    """Return most whole packets lost in a row after a disturbance, and all lost later in calm."""
    worst, later = 0, 0
    for begin, end in line.calm:
        whole = (each for each in line.on_way if begin <= each.begin and each.end <= end)
        heard = [bool(seen[each.number]) for each in whole]
        at_once = heard.index(True) if True in heard else len(heard)
        worst, later = max(worst, at_once), later + heard[at_once:].count(False)
    return worst, later
