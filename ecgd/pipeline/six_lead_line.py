"""The ``six-lead`` frame: what the line does not say comes from the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ecgd.config.settings import DeviceSettings
from ecgd.errors import SourceError
from ecgd.model.device import DeviceInfo
from ecgd.model.signal import CountArray
from ecgd.pipeline.intake_event import FaultSeen
from ecgd.pipeline.line_event import DeviceDescribed, LineEvent, SamplesDecoded
from ecgd.protocol import (
    DecoderStatistics,
    Fault,
    FaultKind,
    SixLeadDecoder,
    SixLeadSamples,
    SixLeadTimeline,
)
from ecgd.protocol.rate_check import RateCheck
from ecgd.protocol.six_lead import LEADS
from ecgd.protocol.six_lead_decoder import SixLeadEvent

PROTOCOL = "six-lead"

DEVICE_ID = "six-lead"
"""Stands where a device's own id would: this protocol names no device."""

PIECE_S = 0.1
"""Samples are handed on in pieces of this length, as ``block`` does, not one by one."""


def six_lead_device(settings: DeviceSettings) -> DeviceInfo:
    """Return the device that the configuration describes. Raises SourceError without a scale."""
    if settings.counts_per_mv <= 0:
        raise SourceError(
            "the counts_per_mv of a six-lead device are not known",
            "Set counts_per_mv in [patients.device] to what 1 mV at the electrodes gives.",
        )
    return DeviceInfo(
        device_id=DEVICE_ID,
        fs_hz=settings.fs_hz,
        leads=LEADS,
        counts_per_mv=settings.counts_per_mv,
        baseline_counts=settings.baseline_counts,
        adc_bits=settings.adc_bits,
        protocol=PROTOCOL,
        highpass_hz=settings.highpass_hz if settings.highpass_hz >= 0 else None,
        lowpass_hz=settings.lowpass_hz if settings.lowpass_hz >= 0 else None,
    )


class SixLeadLine:
    """One line of a ``six-lead`` device. Raises SourceError without a scale."""

    def __init__(self, settings: DeviceSettings) -> None:
        self._device = six_lead_device(settings)
        self._decoder = SixLeadDecoder(
            byte_order="big" if settings.byte_order == "big" else "little",
            baseline_counts=settings.baseline_counts,
        )
        self._timeline = SixLeadTimeline(settings.fs_hz)
        self._rate = RateCheck(settings.fs_hz)
        self._piece = max(1, round(PIECE_S * settings.fs_hz))
        self._described = False
        self._gathered: CountArray = np.zeros((len(LEADS), 0), dtype=np.int32)
        self._arrived_s = 0.0
        self._discarded = 0

    @property
    def statistics(self) -> DecoderStatistics:
        """Every byte accounted for; a packet is a frame."""
        return self._decoder.statistics

    @property
    def awaits_hello(self) -> bool:
        """A device that cannot say who it is is not waited for."""
        return False

    @property
    def authenticated(self) -> bool | None:
        """These frames prove nothing."""
        return None

    @property
    def seal_trouble(self) -> str:
        """Nothing is asked of a device that cannot prove who it is."""
        return ""

    @property
    def takes_commands(self) -> bool:
        """The protocol has no way back to the device."""
        return False

    @property
    def configured_device(self) -> DeviceInfo | None:
        """The device as configured: it will never say a word about itself."""
        return self._device

    def receive(self, data: bytes, arrived_s: float) -> Iterator[LineEvent]:
        """Take bytes as they come and yield what they complete, in order."""
        yield from self._take_all(self._decoder.feed(data), arrived_s)

    def interrupt(self, now_s: float) -> Iterator[LineEvent]:
        """Close the account of a half-received frame: the line was cut."""
        yield from self._take_all(self._decoder.reset(), now_s)
        yield from self._hand_on()
        self._timeline.observe_cut()
        self._rate.restart()

    def _take_all(self, events: Iterable[SixLeadEvent], arrived_s: float) -> Iterator[LineEvent]:
        for event in events:
            if isinstance(event, SixLeadSamples):
                self._gathered = np.concatenate([self._gathered, event.counts], axis=1)
                self._arrived_s = arrived_s
                while self._gathered.shape[1] >= self._piece:
                    yield from self._hand_on()
            else:
                yield from self._hand_on()
                self._discarded += event.discarded
                yield FaultSeen(event)

    def _hand_on(self) -> Iterator[LineEvent]:
        """Yield one piece, or what there is of it."""
        counts = self._gathered[:, : self._piece]
        self._gathered = self._gathered[:, self._piece :]
        count = int(counts.shape[1])
        if count == 0:
            return
        if not self._described:
            self._described = True
            yield DeviceDescribed(self._device)
        placement = self._timeline.place(count, self._discarded, self._arrived_s)
        self._discarded = 0
        if self._rate.note(count, self._arrived_s):
            yield FaultSeen(Fault(FaultKind.CONTENT, 0, detail=self._rate_words()))
        # With another sampling rate than configured every time is wrong: kept, judged by nobody.
        valid = np.full(count, self._rate.found_hz is None, dtype=np.bool_)
        yield SamplesDecoded(placement, counts, valid, self._arrived_s)

    def _rate_words(self) -> str:
        found_hz, told_hz = self._rate.found_hz, self._device.fs_hz
        if found_hz is None:
            return f"frames come at {told_hz:g} Hz again, as configured"
        return (
            f"frames come at {found_hz:.0f} Hz, but fs_hz of [patients.device] is {told_hz:g}: "
            "nothing is judged until that is right"
        )
