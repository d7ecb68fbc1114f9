"""A byte recording through session, analysis and recorder, in virtual time: capsules to look at."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from ecgd.config.hold_off import HoldOffSettings
from ecgd.config.settings import (
    AlarmSettings,
    DeviceSettings,
    PatientSettings,
    Settings,
    StoreSettings,
)
from ecgd.errors import StoreError
from ecgd.inference.scorer import NoModels
from ecgd.model.link import BytesReceived, LinkClosed, LinkOpened, Received
from ecgd.model.signal import Window
from ecgd.node.device import FS_HZ, Battery, SimulatedDevice
from ecgd.node.feed import Feed, FeedPart
from ecgd.pipeline.analysis import Analysis
from ecgd.pipeline.history import History
from ecgd.pipeline.intake import WindowReady
from ecgd.protocol import LinkKey
from ecgd.service.capsules import Capsules
from ecgd.service.occurrence import Circumstances
from ecgd.service.session import PatientSession
from ecgd.sources.byte_log import ByteLogReader, Direction, LoggedBytes
from ecgd.sources.byte_log_device import device_from_notes

STEMI = Path(__file__).parent / "replay" / "stemi.ecgdbytes"
RECORDING = Path(__file__).parent / "fixtures" / "recordings" / "inferior_stemi"
NAMES = ("Erika Musterfrau", "Station 3", "Dr. Quinn")
"""Names that no capsule may hold."""

SETTINGS = Settings(
    alarms=AlarmSettings(hold_off=HoldOffSettings(stemi_s=2.0), location=NAMES[1]),
    store=StoreSettings(capsule_before_s=10.0, capsule_after_s=4.0),
)


@dataclass
class KeptParts:
    """A store that keeps pieces in memory; from ``refuse_from`` on it takes none."""

    parts: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    alerts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    refuse_from: int = 1 << 30

    def store_capsule_part(
        self, capsule_id: str, alert_ids: tuple[str, ...], part: int, data: bytes, *, is_last: bool
    ) -> Future[int]:
        kept: Future[int] = Future()
        if part >= self.refuse_from:
            kept.set_exception(StoreError("the disk is full"))
            return kept
        assert part == len(self.parts[capsule_id])
        self.parts[capsule_id].append(data)
        self.alerts[capsule_id] = alert_ids
        if is_last:
            self.ended.add(capsule_id)
        kept.set_result(1)
        return kept

    def stream(self) -> bytes:
        """Return the only capsule."""
        ((_, parts),) = self.parts.items()
        return b"".join(parts)


class Bench:
    """One patient, one recording, and the recorder that listens."""

    def __init__(
        self,
        settings: Settings = SETTINGS,
        history: History | None = None,
        recording: Path = STEMI,
        key: LinkKey | None = None,
    ) -> None:
        self._records = _records(recording) if key is None else _sealed(key)
        self.now_s = 1000.0
        self.kept = KeptParts()
        self._settings = settings
        self._history = history or History()
        self._ids = iter(f"alert-{number}" for number in range(1, 1000))
        self.session = PatientSession(
            PatientSettings(id="erika", name=NAMES[0], source="replay:", device=_device(recording)),
            settings,
            phase_s=0.0,
            new_alert_id=lambda: next(self._ids),
            now_s=self.now_s,
        )
        self._analysis = Analysis(
            settings.analysis, settings.ensemble, NoModels("rules only"), lambda: self.now_s
        )
        self.capsules = Capsules(
            settings,
            self.kept,
            NoModels("rules only"),
            circumstances=lambda: Circumstances("boot", True, "rules only", "", "hash"),
            history=lambda patient_id: self._history,
            clock=lambda: self.now_s,
        )
        self.capsules.attach(self.session)
        self.session.secure(key)
        self._take(LinkOpened(self.now_s))

    def run(
        self, until_s: float, cut_s: float | None = None, forget_s: float | None = None
    ) -> None:
        """Play the recording up to a time of its own.

        ``cut_s``: the line is cut for a moment, ``forget_s``: the beats before are forgotten then.
        """
        begun_s, look_s = self.now_s, self.now_s
        for logged in self._records:
            if logged.time_s > until_s:
                break
            self.now_s = begun_s + logged.time_s
            if cut_s is not None and logged.time_s >= cut_s:
                cut_s = None
                self._take(LinkClosed(self.now_s, f"{NAMES[1]} is gone", 0.5))
                self._take(LinkOpened(self.now_s))
            if forget_s is not None and logged.time_s >= forget_s:
                forget_s = None
                self._history = replace(self._history, beats=(), hints=None, usual_beats=None)
            self._take(BytesReceived(logged.data, self.now_s))
            if self.now_s >= look_s:
                look_s += 1.0
                self.session.watch(self.now_s)
                self.capsules.look()

    def _take(self, received: Received) -> None:
        self.capsules.came("erika", received)
        for event in self.session.receive(received):
            if isinstance(event, WindowReady):
                self._analyse(event.window)

    def _analyse(self, window: Window) -> None:
        before = self._history
        assessed = self._analysis.assess(window, before)
        self._history = assessed.history
        self.capsules.judged("erika", before, assessed.assessment, assessed.history)
        self.capsules.concluding("erika", assessed.assessment)
        self.session.conclude(assessed.assessment, self.now_s + 0.03)


@cache
def _records(path: Path) -> tuple[LoggedBytes, ...]:
    return tuple(each for each in ByteLogReader(path) if each.direction is Direction.FROM_DEVICE)


def _sealed(key: LinkKey) -> tuple[LoggedBytes, ...]:
    """Return an infarction from a simulated device that seals its packets."""
    feed = Feed((FeedPart(f"replay:{RECORDING}"),), (), FS_HZ)
    device = SimulatedDevice(feed, "node-1", Battery(), boot=7, key=key)
    sent = [(step / 10.0, b"".join(device.advance(step / 10.0))) for step in range(1, 250)]
    return tuple(LoggedBytes(at_s, Direction.FROM_DEVICE, data) for at_s, data in sent if data)


def _device(path: Path) -> DeviceSettings:
    return device_from_notes(ByteLogReader(path).header.notes)


@cache
def stemi_stream() -> bytes:
    """Return the capsule of an infarction that is raised after about ten seconds."""
    bench = Bench()
    bench.run(20.0)
    bench.capsules.close()
    return bench.kept.stream()
