"""Six measured leads through the analysis: faults of channels, and exchanged electrodes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ecg_shapes import beat_times, ecg
from swapped_stream import SETTINGS, assess, recording, windows

from ecgd.decision.swap import TRANSFORM, Swap
from ecgd.dsp.derivation import complete_limb_leads
from ecgd.model.assessment import Assessment
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import EventType, Outcome, RiskLevel, Territory
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.link import SamplesReceived
from ecgd.model.signal import FloatArray, SampleBlock
from ecgd.pipeline.intake import Intake, WindowReady

DEVICE = DeviceInfo("six", 250.0, LIMB_LEADS, 400.0, highpass_hz=0.05)
II, AVF = LIMB_LEADS.index("II"), LIMB_LEADS.index("aVF")


def judged(
    spoil: Callable[[FloatArray], None], seconds: float = 20.0, from_s: float = 0.0
) -> list[Assessment]:
    """Judge an inferior infarction whose channels are spoilt from some time on."""
    six = ecg(beat_times(seconds, 0.8), seconds, st_mv=(0.0, 0.25), scale=1.5)
    spoil(six[:, round(from_s * 250) :])
    six = six + np.random.default_rng(0).normal(0.0, 0.004, six.shape)
    counts = np.round(six * DEVICE.counts_per_mv).astype(np.int32)
    intake, found = Intake(SETTINGS), []
    for start in range(0, counts.shape[1], 250):
        part = counts[:, start : start + 250]
        block = SampleBlock(start, part, np.ones(part.shape[1], np.bool_), start / 250.0)
        for event in intake.receive(SamplesReceived(block, DEVICE)):
            if isinstance(event, WindowReady):
                found.append(event.window)
    return assess(found)


def nothing(_: FloatArray) -> None:
    """Leave the leads as they are."""


def elevated(assessment: Assessment) -> tuple[str, ...]:
    assert assessment.st is not None
    return assessment.st.elevated


def test_leads_that_agree_are_judged_as_measured() -> None:
    found = judged(nothing)
    assert all(a.channels is None for a in found)
    assert found[-1].risk_level is RiskLevel.CRITICAL_STEMI
    assert found[-1].st is not None
    assert found[-1].st.territory is Territory.INFERIOR


@pytest.mark.parametrize("lead", LIMB_LEADS)
def test_one_channel_at_fault_is_derived_and_the_infarction_still_seen(lead: str) -> None:
    whole = elevated(judged(nothing)[-1])

    def invert(six: FloatArray) -> None:
        six[LIMB_LEADS.index(lead)] *= -1.0

    found = judged(invert)
    first, last = found[0], found[-1]
    assert first.channels is not None
    assert not first.channels.lasting
    assert last.channels is not None
    assert last.channels.lasting
    assert last.channels.channels == (lead,)
    assert last.channels.reason == f"channel {lead} is inverted"
    assert last.risk_level is RiskLevel.CRITICAL_STEMI
    assert elevated(last) == whole
    assert last.st is not None
    assert f"{lead} derived from the other leads" in last.st.evidence


def test_a_fault_that_cannot_be_told_leaves_st_unmeasured_and_the_rhythm_judged() -> None:
    def spoil(six: FloatArray) -> None:
        six[II] *= 0.6
        six[AVF] *= -1.0

    last = judged(spoil)[-1]
    assert last.channels is not None
    assert last.channels.lasting
    assert last.channels.channels == last.channels.derived == ()
    assert last.outcome is Outcome.CANNOT_JUDGE
    assert last.st is None
    assert any("contradict each other" in why for why in last.cannot_judge)
    assert last.rhythm.heart_rate_bpm == pytest.approx(75, abs=2)
    assert EventType.STEMI_DETECTED in last.unjudged


def test_a_break_that_passes_is_never_lasting() -> None:
    def for_three_seconds(six: FloatArray) -> None:
        six[AVF, :750] *= -1.0

    found = judged(for_three_seconds, 25.0, from_s=8.0)
    assert any(a.channels is not None for a in found)
    assert not any(a.channels.lasting for a in found if a.channels is not None)
    assert found[-1].channels is None


def test_exchanged_electrodes_are_told_as_such_and_break_nothing() -> None:
    def exchange(six: FloatArray) -> None:
        moved = np.array(TRANSFORM[Swap.ARMS]) @ six[:2]
        six[:] = complete_limb_leads(("I", "II"), moved)[1]

    found = judged(exchange)
    assert all(a.channels is None for a in found)
    assert found[-1].placement is not None
    assert found[-1].placement.electrodes == ("LA", "RA")


def test_exchanged_channels_are_told_as_such_and_no_electrode_is_blamed() -> None:
    def exchange(six: FloatArray) -> None:
        six[[0, II]] = six[[II, 0]]

    last = judged(exchange)[-1]
    assert last.channels is not None
    assert last.channels.reason == "channels I and II exchanged"
    assert last.placement is None
    assert last.risk_level is RiskLevel.CRITICAL_STEMI


def test_six_leads_of_a_real_patient_agree() -> None:
    seen = windows(recording("boundaries_ludb_152"), 12.0)
    assert set(LIMB_LEADS) <= set(seen[0].device.leads)
    assert [a.channels for a in assess(seen)] == [None] * len(seen)
    at = seen[0].leads.index("aVL")
    for window in seen:
        window.signal_mv[at] *= 0.7
    found = assess(seen)
    assert all(a.channels is not None and a.channels.channels == ("aVL",) for a in found)
