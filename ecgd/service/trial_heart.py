"""A synthetic heart that beats and then stops, as packets of a device: what a trial begins with.

Its packets go through a line, a window and the analysis as any patient's do, and its findings
through an alarm machine of its own: no patient's history, book or sound knows of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ecgd.config.settings import AlarmSettings, AnalysisSettings
from ecgd.model.alarm import ChangeKind
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import EventType, Severity
from ecgd.model.link import BytesReceived
from ecgd.model.signal import FloatArray, Window
from ecgd.pipeline.intake import Intake, WindowReady
from ecgd.pipeline.observation import observe_heart
from ecgd.protocol import BlockEncoder
from ecgd.service.identity import new_alert_id
from ecgd.service.subject import Alarms
from ecgd.sources.dipole import SUPPORT_S, BeatKind, beat_vector

FS_HZ: Final = 250.0
PACKET_SAMPLES: Final = 25
COUNTS_PER_MV: Final = 400.0
RR_S: Final = 0.8
NOISE_MV: Final = 0.008

DEVICE: Final = DeviceInfo("trial", FS_HZ, ("I", "II"), COUNTS_PER_MV, firmware="trial")


def beats_s(settings: AnalysisSettings) -> float:
    """Return for how long the heart beats: a whole window of nothing else, and a hop more."""
    return settings.window_s + settings.hop_s


def heart_mv(settings: AnalysisSettings, *, stops: bool = True) -> FloatArray:
    """Return leads I and II, shape (2, sample): beats, then none for as long as asystole needs."""
    beating_s = beats_s(settings)
    length_s = beating_s + settings.asystole_s + 2.0 * settings.hop_s + RR_S
    time_s = np.arange(round(length_s * FS_HZ)) / FS_HZ
    signal_mv: FloatArray = np.random.default_rng(1).normal(0.0, NOISE_MV, (2, time_s.size))
    until_s = beating_s if stops else length_s
    for r_s in np.arange(RR_S / 2.0, until_s, RR_S):
        near = slice(*np.searchsorted(time_s, np.array(SUPPORT_S) + r_s))
        signal_mv[:, near] += beat_vector(BeatKind.SINUS, RR_S, time_s[near] - r_s)
    return signal_mv


def packets(signal_mv: FloatArray) -> Iterator[bytes]:
    """Yield what a device would send."""
    encoder = BlockEncoder(boot=1)
    yield encoder.hello(DEVICE)
    counts = np.round(signal_mv * COUNTS_PER_MV).astype(np.int32)
    for start in range(0, counts.shape[1], PACKET_SAMPLES):
        yield encoder.samples(counts[:, start : start + PACKET_SAMPLES])


def windows(settings: AnalysisSettings, now_s: float, *, stops: bool = True) -> tuple[Window, ...]:
    """Return every window that the packets make, decoded as a patient's; takes a while."""
    intake = Intake(settings)
    events = (
        event
        for packet in packets(heart_mv(settings, stops=stops))
        for event in intake.receive(BytesReceived(packet, now_s))
    )
    return tuple(event.window for event in events if isinstance(event, WindowReady))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a window has shown: whether asystole was found, an alarm raised of it, or too soon."""

    found: bool = False
    raised: bool = False
    false_alarm: str = ""


class HeartWatch:
    """The alarm machine of a trial. Its time is that of the signal, which comes all at once."""

    def __init__(self, analysis: AnalysisSettings, alarms: AlarmSettings, began_s: float) -> None:
        self._beats_s = beats_s(analysis)
        self._began_s = began_s
        self._alarms = Alarms(alarms, new_alert_id)

    def watch(self, assessment: Assessment) -> Seen:
        """Take one window's answer, in order."""
        found = any(each.event_type is EventType.ASYSTOLE for each in assessment.findings)
        now_s = self._began_s + assessment.time_s
        changes = self._alarms.observe(observe_heart(assessment, now_s))
        raised = [each.alarm for each in changes if each.kind is ChangeKind.RAISED]
        early = [each.event_type.value for each in raised if assessment.time_s <= self._beats_s]
        stopped = (
            each.event_type is EventType.ASYSTOLE and each.severity is Severity.CRITICAL
            for each in raised
        )
        return Seen(found, any(stopped), ", ".join(early))
