"""What the analysis found, and how grave it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

from ecgd.model.beat import StLevels
from ecgd.model.rhythm import RhythmObservation


class RiskLevel(StrEnum):
    """Risk by the ST rules, gravest first."""

    CRITICAL_STEMI = "CRITICAL_STEMI"
    HIGH_MI_RISK = "HIGH_MI_RISK"
    MODERATE_RISK = "MODERATE_RISK"
    LOW_RISK = "LOW_RISK"
    NORMAL = "NORMAL"


class Severity(IntEnum):
    """Severity of an alert; the larger the graver."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Domain(StrEnum):
    """Heart findings hold while nothing can be judged; technical ones do not."""

    HEART = "heart"
    TECHNICAL = "technical"


class EventType(StrEnum):
    """Every kind of alarm."""

    STEMI_DETECTED = "STEMI_DETECTED"
    ACUTE_MI_RISK = "ACUTE_MI_RISK"
    CARDIAC_ISCHEMIA = "CARDIAC_ISCHEMIA"
    CARDIAC_ANOMALY = "CARDIAC_ANOMALY"
    ASYSTOLE = "ASYSTOLE"
    VENTRICULAR_FIBRILLATION = "VENTRICULAR_FIBRILLATION"
    VENTRICULAR_TACHYCARDIA = "VENTRICULAR_TACHYCARDIA"
    EXTREME_BRADYCARDIA = "EXTREME_BRADYCARDIA"
    EXTREME_TACHYCARDIA = "EXTREME_TACHYCARDIA"
    PAUSE = "PAUSE"
    SUPRAVENTRICULAR_TACHYCARDIA = "SUPRAVENTRICULAR_TACHYCARDIA"
    ATRIAL_FIBRILLATION = "ATRIAL_FIBRILLATION"
    FREQUENT_ECTOPY = "FREQUENT_ECTOPY"
    RATE_CHANGE = "RATE_CHANGE"
    CHECK_PATIENT = "CHECK_PATIENT"
    ELECTRODE_OFF = "ELECTRODE_OFF"
    ELECTRODE_SWAPPED = "ELECTRODE_SWAPPED"
    CHANNEL_FAULT = "CHANNEL_FAULT"
    SIGNAL_UNUSABLE = "SIGNAL_UNUSABLE"
    LINK_LOST = "LINK_LOST"
    DEVICE_FOREIGN = "DEVICE_FOREIGN"
    DEVICE_CHANGED = "DEVICE_CHANGED"
    BATTERY_LOW = "BATTERY_LOW"
    BATTERY_CRITICAL = "BATTERY_CRITICAL"
    DATABASE_FAULT = "DATABASE_FAULT"
    DELIVERY_FAILING = "DELIVERY_FAILING"
    ALARM_OVERFLOW = "ALARM_OVERFLOW"
    NOBODY_ANSWERED = "NOBODY_ANSWERED"
    ROSTER_FAULT = "ROSTER_FAULT"
    MODEL_DEMOTED = "MODEL_DEMOTED"
    SOUND_FAULT = "SOUND_FAULT"
    FAULT_LIGHT_MISSING = "FAULT_LIGHT_MISSING"
    ANSWERS_FAILING = "ANSWERS_FAILING"
    GATEWAY_POWER = "GATEWAY_POWER"
    GATEWAY_HOT = "GATEWAY_HOT"
    STORAGE_NEARLY_FULL = "STORAGE_NEARLY_FULL"
    CLOCK_UNSYNCHRONISED = "CLOCK_UNSYNCHRONISED"
    CLOCK_STEPPED = "CLOCK_STEPPED"
    DELIVERY_UNPROVEN = "DELIVERY_UNPROVEN"
    TEST_ALARM = "TEST_ALARM"


class Outcome(StrEnum):
    """One window's outcome; "cannot judge" is neither normal nor an anomaly."""

    NORMAL = "normal"
    ANOMALY = "anomaly"
    CANNOT_JUDGE = "cannot_judge"


class Territory(StrEnum):
    """Territories that limb leads can show."""

    INFERIOR = "inferior"
    HIGH_LATERAL = "high lateral"
    LEFT_MAIN = "left main or multi-vessel pattern"
    UNCLEAR = "unclear"


class StSlope(StrEnum):
    """Which way the ST segment runs from J to J+80 ms."""

    UP = "up"
    HORIZONTAL = "horizontal"
    DOWN = "down"


class StCurve(StrEnum):
    """How the ST segment lies to the line from the J point to T's apex: below it is concave."""

    CONCAVE = "concave"
    STRAIGHT = "straight"
    CONVEX = "convex"


class StRule(StrEnum):
    """How ST elevation was judged."""

    PLAIN = "two contiguous leads"
    SGARBOSSA = "modified Sgarbossa"


class ConfounderKind(StrEnum):
    """What changes ST, or looks like an infarction, and is none."""

    LBBB = "left bundle-branch block"
    PACING = "ventricular pacing or rhythm"
    RBBB = "right bundle-branch block"
    WIDE_QRS = "wide QRS"
    LVH = "left ventricular hypertrophy"
    EARLY_REPOLARISATION = "early repolarisation"
    PERICARDITIS = "pericarditis"
    HYPERKALAEMIA = "hyperkalaemia"


@dataclass(frozen=True, slots=True)
class Confounder:
    """A pattern that a person has to weigh: the figures that show it, and who defined it."""

    kind: ConfounderKind
    evidence: str
    source: str


NOT_VISIBLE = ("anterior", "septal", "posterior", "right ventricular")
"""Territories that six limb leads do not reliably show."""


class SecondQuality(NamedTuple):
    """One second of one lead: as ``LeadQuality``; ``reason`` is empty where it is usable."""

    sqi: float
    reason: str


@dataclass(frozen=True, slots=True)
class LeadQuality:
    """Quality of one lead, and why it is not usable.

    ``sqi`` is the probability that the beats found in this lead alone are right, 0 where the
    signal is lost. ``seconds`` are those of the window, oldest first.
    """

    lead: str
    sqi: float
    usable: bool
    reasons: tuple[str, ...] = ()
    seconds: tuple[SecondQuality, ...] = ()


@dataclass(frozen=True, slots=True)
class LeadSt:
    """ST of one lead over the last beats, in mV.

    ``level_mv`` decides: J+40 ms of the usual beat. ``uncertainty_mv`` is its 95 % half-width.
    ``change_mv`` is against the patient's own baseline, None without one. ``curve`` is None where
    no T wave shows it. With ``measurable`` False every figure is None and ``reason`` says why.
    """

    lead: str
    measurable: bool
    level_mv: float | None = None
    uncertainty_mv: float | None = None
    change_mv: float | None = None
    levels: StLevels | None = None
    elevated_fraction: float | None = None
    slope_mv_per_s: float | None = None
    beat_count: int = 0
    reason: str = ""
    slope: StSlope | None = None
    curve: StCurve | None = None


@dataclass(frozen=True, slots=True)
class StFinding:
    """The ST rules' verdict on one window. ``not_visible`` is never empty.

    ``rule`` says which rule judged the elevation; ``confounders`` call for a person's review.
    ``stage`` is how far an infarction has come, where the hours before show it.
    """

    leads: tuple[LeadSt, ...]
    risk_level: RiskLevel
    elevated: tuple[str, ...] = ()
    depressed: tuple[str, ...] = ()
    contiguous: tuple[tuple[str, str], ...] = ()
    reciprocal: tuple[str, ...] = ()
    territory: Territory | None = None
    artery_hint: str = ""
    not_visible: tuple[str, ...] = NOT_VISIBLE
    evidence: tuple[str, ...] = ()
    rule: StRule = StRule.PLAIN
    confounders: tuple[Confounder, ...] = ()
    stage: str = ""


@dataclass(frozen=True, slots=True)
class PlacementFinding:
    """Electrodes that have looked exchanged for some time.

    ``electrodes`` are those of RA, LA, LL and RL that are exchanged, ``exchanged`` says how,
    ``evidence`` what shows it.
    """

    electrodes: tuple[str, ...]
    exchanged: str
    evidence: str

    @property
    def reason(self) -> str:
        """Why no ST is measured."""
        return f"electrodes exchanged: {self.exchanged}"


@dataclass(frozen=True, slots=True)
class ChannelFinding:
    """Measured leads that contradict each other: a fault of the device, not of the electrodes.

    ``channels`` are those at fault, empty where that cannot be told. ``derived`` are the leads
    that were derived from the others instead. ``lasting``: it has been so for some time.
    """

    channels: tuple[str, ...]
    reason: str
    derived: tuple[str, ...] = ()
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class RhythmFinding:
    """Rate and rhythm. ``label`` is the gravest of those in ``model.rhythm`` that holds.

    ``lasted_s`` is for how long its definition already looks back. ``observations`` are what else
    was seen, with figures. ``fibrillates`` says whether the atria do, whatever the label is; None:
    too little was watched to tell. ``fast_bpm`` and ``slow_bpm`` are the rates that the limits of
    an extreme rate meet, None after too few beats.
    """

    label: str
    heart_rate_bpm: float | None
    rr_median_s: float | None = None
    rr_irregularity: float | None = None
    longest_pause_s: float | None = None
    beat_count: int = 0
    lasted_s: float = 0.0
    observations: tuple[RhythmObservation, ...] = ()
    fibrillates: bool | None = False
    fast_bpm: float | None = None
    slow_bpm: float | None = None


@dataclass(frozen=True, slots=True)
class EnsembleScore:
    """The networks' second opinion; ``members`` holds (name, calibrated probability).

    ``consensus`` is how many members are at or above the anomaly threshold. ``disagreement`` is
    the highest answer less the lowest, ``confidence`` says how far the opinion is from indecision
    and how far the members agree: both 0 to 1. ``labels`` are those of each member's own eye, as
    "member: label". ``is_usual``: this patient's scores have been as high before, for long enough
    to be no news; ``becomes_usual``: with this window such scores become so. ``is_clearly_new``:
    they are far above what is known to be usual. ``explained_by`` names what the rules know by
    themselves of all that the networks see; empty: something is left, or the score is low.
    ``models_hash`` names the networks that answered.
    """

    members: tuple[tuple[str, float], ...]
    fused: float
    boosted: float
    consensus: int
    left_out: tuple[str, ...] = ()
    disagreement: float = 0.0
    confidence: float = 0.0
    labels: tuple[tuple[str, float], ...] = ()
    is_usual: bool = False
    becomes_usual: bool = False
    is_clearly_new: bool = False
    explained_by: str = ""
    models_hash: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence for one kind of alarm, present at one moment.

    ``lasted_s`` is for how long its definition looks back: it has lasted that long when first seen.
    """

    event_type: EventType
    severity: Severity
    domain: Domain
    evidence: tuple[str, ...] = ()
    territory: Territory | None = None
    confidence: float | None = None
    lasted_s: float = 0.0
