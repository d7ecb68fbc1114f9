"""Values that the store's tests share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgd.model.alarm import Alert, DeliveryReport, DeliveryResult, OutboxItem
from ecgd.model.device import DeviceInfo
from ecgd.model.finding import EventType, RiskLevel, Severity, Territory
from ecgd.model.signal import SampleBlock

FS_HZ = 250.0
DEVICE = DeviceInfo("node-1", FS_HZ, ("I", "II"), counts_per_mv=400.0, baseline_counts=2048)
NOW_UNIX_S = 1_750_000_000.0


def make_block(
    start_index: int, samples: int, *, leads: int = 2, arrived_s: float = 0.0, seed: int = 1
) -> SampleBlock:
    """Return noise around the baseline, which no predictor makes small."""
    counts = np.random.default_rng(seed + start_index).integers(1948, 2148, (leads, samples))
    return SampleBlock(start_index, counts.astype(np.int32), np.ones(samples, np.bool_), arrived_s)


def make_alert(
    alert_id: str = "alert-1",
    *,
    patient_id: str = "ann",
    severity: Severity = Severity.CRITICAL,
    sample_index: int | None = None,
) -> Alert:
    """Return an alert in which every field differs from its default."""
    return Alert(
        alert_id=alert_id,
        patient_id=patient_id,
        patient_name="Ann Example",
        event_type=EventType.STEMI_DETECTED,
        severity=severity,
        occurred_unix_s=NOW_UNIX_S + 0.125,
        occurred_mono_s=4321.5,
        boot_id="boot-1",
        clock_synchronised=True,
        simulated=True,
        description="ST elevation in II, III, aVF",
        recommended_action="Call 112 now",
        clinical_notes=("first", "second µ"),
        evidence=("II 0.21 mV",),
        territory=Territory.INFERIOR,
        not_visible=("anterior",),
        confidence=0.95,
        scores=(("cnn", 0.9), ("lstm", 0.8)),
        st_risk=RiskLevel.CRITICAL_STEMI,
        st_mv=(("II", 0.21), ("III", 0.19)),
        st_change_mv=(("II", 0.2),),
        heart_rate_bpm=71.5,
        quality=(("I", 0.9), ("II", 0.8)),
        location="kitchen",
        sample_index=sample_index,
        models_hash="m",
        config_hash="c",
    )


def make_item(
    alert_id: str = "alert-1",
    target: str = "nurse",
    *,
    severity: Severity = Severity.CRITICAL,
    created_unix_s: float = NOW_UNIX_S,
) -> OutboxItem:
    """Return an outbox item of an alert."""
    return OutboxItem(f"msg-{alert_id}", alert_id, target, severity, b"{}", created_unix_s)


def make_report(
    item: OutboxItem, result: DeliveryResult, retry_after_s: float | None = None
) -> DeliveryReport:
    """Return how an attempt at an item ended; it is counted, as by whoever makes it."""
    tried = replace(item, attempts=item.attempts + 1)
    return DeliveryReport(tried, result, NOW_UNIX_S + 5, 0.2, result.value, retry_after_s)
