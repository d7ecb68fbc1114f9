"""What a person is told: description, recommended action, notes for clinicians.

The actions are the pipeline document's matrix (stage 8) in plain words. Nothing here ever says
that there is no infarction, and every action says that the monitor only supplements care.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ecgd.decision.network_findings import label_words
from ecgd.model.finding import (
    ConfounderKind,
    EnsembleScore,
    EventType,
    RiskLevel,
    Severity,
    StFinding,
    StRule,
    Territory,
)

SUPPLEMENTS: Final = (
    "This monitor supplements professional care and never replaces it: with chest pain, "
    "breathlessness or fainting call {number} whatever it shows."
)

DEMOTED: Final = "demoted"
"""What the scorer's account of itself says of a network that cannot be used."""

NAMES: Final[Mapping[EventType, str]] = {
    EventType.STEMI_DETECTED: "ST-elevation infarction pattern",
    EventType.ACUTE_MI_RISK: "Signs of a possible acute infarction",
    EventType.CARDIAC_ISCHEMIA: "Signs of reduced blood supply of the heart",
    EventType.CARDIAC_ANOMALY: "Unusual heart signal",
    EventType.ASYSTOLE: "No heart beat seen",
    EventType.VENTRICULAR_FIBRILLATION: "Ventricular fibrillation",
    EventType.VENTRICULAR_TACHYCARDIA: "Ventricular tachycardia",
    EventType.EXTREME_BRADYCARDIA: "Extremely slow heart rate",
    EventType.EXTREME_TACHYCARDIA: "Extremely fast heart rate",
    EventType.PAUSE: "Long pause between heart beats",
    EventType.SUPRAVENTRICULAR_TACHYCARDIA: "Suspected supraventricular tachycardia",
    EventType.ATRIAL_FIBRILLATION: "Suspected atrial fibrillation",
    EventType.FREQUENT_ECTOPY: "Frequent premature heart beats",
    EventType.RATE_CHANGE: "Sudden change of the heart rate",
    EventType.CHECK_PATIENT: "Heart signal lost when it mattered: check the patient",
    EventType.ELECTRODE_OFF: "Electrode off",
    EventType.ELECTRODE_SWAPPED: "Electrodes exchanged",
    EventType.CHANNEL_FAULT: "Measured leads contradict each other",
    EventType.SIGNAL_UNUSABLE: "Signal cannot be judged",
    EventType.LINK_LOST: "Connection to the device lost",
    EventType.DEVICE_FOREIGN: "Another device than the patient's",
    EventType.DEVICE_CHANGED: "The device measures otherwise than before",
    EventType.BATTERY_LOW: "Device battery low",
    EventType.BATTERY_CRITICAL: "Device battery nearly empty",
    EventType.DATABASE_FAULT: "Recording to disk has failed",
    EventType.DELIVERY_FAILING: "Alerts are not reaching their recipients",
    EventType.ALARM_OVERFLOW: "More alarms than can be delivered",
    EventType.NOBODY_ANSWERED: "Nobody has answered an alarm",
    EventType.ROSTER_FAULT: "The list of patients is damaged or cannot be kept",
    EventType.MODEL_DEMOTED: "A network of the second opinion cannot be used",
    EventType.SOUND_FAULT: "Buzzer, lights or button do not work",
    EventType.FAULT_LIGHT_MISSING: "The fault light does not watch the gateway",
    EventType.ANSWERS_FAILING: "Answers from phones do not arrive",
    EventType.GATEWAY_POWER: "The gateway gets too little voltage",
    EventType.GATEWAY_HOT: "The gateway is too hot",
    EventType.STORAGE_NEARLY_FULL: "The gateway's disk is nearly full",
    EventType.CLOCK_UNSYNCHRONISED: "The gateway's clock is not set by a time service",
    EventType.CLOCK_STEPPED: "The gateway's clock has been set",
    EventType.DELIVERY_UNPROVEN: "For too long nothing has proved that alarms arrive",
    EventType.TEST_ALARM: "Test of the alarms",
}
"""Each kind of alarm in plain words."""

_HEART_ACTIONS: Final[Mapping[EventType, Mapping[Severity, str]]] = {
    EventType.STEMI_DETECTED: {
        Severity.CRITICAL: (
            "Call {number} now: this may be a heart attack, and every minute counts. Stay with "
            "the patient, let them rest, do not let them drive. Clinicians: prepare for primary "
            "PCI or thrombolysis."
        ),
        Severity.HIGH: "Call {number} urgently: a heart attack is suspected.",
        Severity.MEDIUM: "Contact a hospital urgently: ST changes were seen.",
        Severity.LOW: "Arrange a medical consultation, and watch closely until then.",
    },
    EventType.ACUTE_MI_RISK: {
        Severity.CRITICAL: "Call {number} now: an acute heart attack is likely.",
        Severity.HIGH: (
            "Go to a hospital at once or call {number}: an acute heart attack is possible."
        ),
        Severity.MEDIUM: "Contact a doctor urgently: there are signs of a risk of heart attack.",
        Severity.LOW: "Arrange a consultation with a doctor.",
    },
    EventType.CARDIAC_ISCHEMIA: {
        Severity.CRITICAL: "Call {number} now: the heart may not be getting enough blood.",
        Severity.HIGH: "Call {number} urgently: the heart may not be getting enough blood.",
        Severity.MEDIUM: (
            "Rest, and contact a doctor today; with any symptom, or if it lasts at rest, call "
            "{number}."
        ),
        Severity.LOW: "Arrange a medical consultation, and show this record there.",
    },
    EventType.CARDIAC_ANOMALY: {
        Severity.CRITICAL: "Call {number} now: a critical condition of the heart is suspected.",
        Severity.HIGH: "Call {number} urgently: a significant abnormality of the heart was seen.",
        Severity.MEDIUM: "Contact a doctor: an anomaly of the heart signal needs evaluation.",
        Severity.LOW: "Arrange a medical consultation.",
    },
    EventType.ASYSTOLE: {
        Severity.CRITICAL: (
            "Go to the patient now. If there is no response and no normal breathing, call "
            "{number}, begin chest compressions and send for a defibrillator."
        ),
    },
    EventType.VENTRICULAR_FIBRILLATION: {
        Severity.CRITICAL: (
            "Go to the patient now. If there is no response and no normal breathing, call "
            "{number}, begin chest compressions and send for a defibrillator: it can end this "
            "rhythm."
        ),
    },
    EventType.VENTRICULAR_TACHYCARDIA: {
        Severity.CRITICAL: (
            "Go to the patient now and call {number}. If there is no response and no normal "
            "breathing, begin chest compressions and send for a defibrillator."
        ),
        Severity.HIGH: (
            "Go to the patient now. After fainting, or with dizziness, breathlessness or chest "
            "pain, call {number}; otherwise contact a doctor at once: a run of beats came from the "
            "ventricle."
        ),
    },
    EventType.EXTREME_BRADYCARDIA: {
        Severity.HIGH: (
            "Go to the patient now. With dizziness, fainting, breathlessness or chest pain call "
            "{number}; otherwise contact a doctor at once."
        ),
    },
    EventType.EXTREME_TACHYCARDIA: {
        Severity.HIGH: (
            "Go to the patient now and let them rest. If it does not settle, or with dizziness, "
            "fainting, breathlessness or chest pain, call {number}."
        ),
    },
    EventType.PAUSE: {
        Severity.HIGH: (
            "Go to the patient now. After fainting call {number}; otherwise a doctor at once."
        ),
        Severity.MEDIUM: (
            "Look after the patient, and contact a doctor today; after fainting call {number}."
        ),
    },
    EventType.SUPRAVENTRICULAR_TACHYCARDIA: {
        Severity.MEDIUM: (
            "Let the patient rest, and contact a doctor: the rhythm needs a 12-lead ECG while it "
            "lasts. With dizziness, fainting, breathlessness or chest pain call {number}."
        ),
    },
    EventType.ATRIAL_FIBRILLATION: {
        Severity.MEDIUM: "Contact a doctor: the rhythm needs a 12-lead ECG and evaluation.",
    },
    EventType.FREQUENT_ECTOPY: {
        Severity.LOW: "Tell a doctor, and show this record there.",
    },
    EventType.RATE_CHANGE: {
        Severity.LOW: "Ask the patient how they feel: effort, pain, fear and fainting do this too.",
    },
}

_TECHNICAL_ACTIONS: Final[Mapping[EventType, str]] = {
    EventType.CHECK_PATIENT: (
        "Go to the patient now. If there is no response, call {number}. Then check electrodes and "
        "device."
    ),
    EventType.ELECTRODE_OFF: "Check the electrode and its cable: the heart may not be watched now.",
    EventType.ELECTRODE_SWAPPED: (
        "Put the named electrodes where the labels on their cables say: RA right arm, LA left arm, "
        "LL left leg, RL right leg. Until then ST is not judged and an infarction goes unseen; "
        "rate and rhythm are watched. If the electrodes are right, tell a doctor: a heart on the "
        "right side of the chest, or a beat that begins in an unusual place, looks the same."
    ),
    EventType.CHANNEL_FAULT: (
        "Change the device or its cable: it measures wrongly, and what the named channels show is "
        "not used. Electrodes are not the cause."
    ),
    EventType.SIGNAL_UNUSABLE: (
        "Ask the patient to keep still, and check electrodes and cables: the heart is not watched "
        "now."
    ),
    EventType.LINK_LOST: (
        "Bring the device near the gateway and see that it is switched on: the heart is not "
        "watched now."
    ),
    EventType.DEVICE_FOREIGN: (
        "See that the patient wears their own device: nothing of this one is used, and the heart "
        "is not watched now. If it is the right one, accept it with the command that is named."
    ),
    EventType.DEVICE_CHANGED: (
        "Find out why the device measures otherwise: a wrong scale makes every figure wrong. If "
        "it is meant to be so, accept it with the command that is named."
    ),
    EventType.BATTERY_LOW: "Charge or change the device's battery soon.",
    EventType.BATTERY_CRITICAL: "Charge or change the device's battery now: monitoring will stop.",
    EventType.DATABASE_FAULT: (
        "Alarms go on without the disk. Check free space and the disk of the gateway."
    ),
    EventType.DELIVERY_FAILING: (
        "Do not rely on messages: watch the gateway itself. Check its network and the targets."
    ),
    EventType.ALARM_OVERFLOW: "Look at every patient on the gateway itself, then at its network.",
    EventType.NOBODY_ANSWERED: (
        "Go to the patient who is named, and acknowledge the alarm: everybody who is configured "
        "was told, and nobody has answered. In doubt call {number}."
    ),
    EventType.ROSTER_FAULT: (
        "See with ecgctl patients list whether every patient is watched; add and edit again what "
        "is missing. Check free space and the disk of the gateway."
    ),
    EventType.MODEL_DEMOTED: (
        "The rules go on alone, or with the other networks. See what ecgctl models verify says; "
        "install the models again where they are damaged."
    ),
    EventType.SOUND_FAULT: (
        "Do not rely on sound and lights of the gateway: keep a phone that gets its messages at "
        "hand. Check its wiring, and see what ecgctl status says of gpio."
    ),
    EventType.FAULT_LIGHT_MISSING: (
        "Start the fault light again, and see what systemctl status ecgd-fault-light says: until "
        "then no light tells when the gateway stops."
    ),
    EventType.ANSWERS_FAILING: (
        "Acknowledge at the gateway, on its page or with ecgctl: buttons on phones have no effect "
        "now, and more contacts are told. Check the gateway's network and the service."
    ),
    EventType.GATEWAY_POWER: (
        "Give the gateway its own power supply and a short, thick cable: with too little voltage "
        "it may stop at any moment, and then nobody is watched."
    ),
    EventType.GATEWAY_HOT: (
        "Give the gateway air, or a heat sink: it slows down, and alarms may come late."
    ),
    EventType.STORAGE_NEARLY_FULL: (
        "Make room on the gateway's disk, or keep recordings for a shorter time: alarms go on, but "
        "soon nothing can be recorded any more."
    ),
    EventType.CLOCK_UNSYNCHRONISED: (
        "Connect the gateway to a network with a time service: alarms come in time, but the times "
        "that they name may be wrong."
    ),
    EventType.CLOCK_STEPPED: (
        "Compare the times of records before and after this moment with care; alarms went on."
    ),
    EventType.DELIVERY_UNPROVEN: (
        "Do not rely on messages: watch the gateway itself. Run ecgctl alerts test, and see what "
        "it says of the target that is named."
    ),
    EventType.TEST_ALARM: "Go to the patient at once.",
}

_BY_SEVERITY: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: "Call {number} now.",
    Severity.HIGH: "Call {number} urgently.",
    Severity.MEDIUM: "Contact a doctor for evaluation.",
    Severity.LOW: "Arrange a medical consultation.",
}


def recommended_action(severity: Severity, event_type: EventType, emergency_number: str) -> str:
    """Return what to do, in plain words, for any severity and kind of alarm."""
    action = _TECHNICAL_ACTIONS.get(event_type)
    if action is None:
        action = _HEART_ACTIONS[event_type].get(severity, _BY_SEVERITY[severity])
    number = emergency_number.strip() or "the emergency services"
    return f"{action} {SUPPLEMENTS}".replace("{number}", number)


def description(
    event_type: EventType, evidence: tuple[str, ...], territory: Territory | None = None
) -> str:
    """Return one line for people: what it is, where, and on which evidence."""
    where = "" if territory in {None, Territory.UNCLEAR} else f", {territory}"
    because = f": {'; '.join(evidence)}" if evidence else ""
    return f"{NAMES[event_type]}{where}{because}."


def clinical_notes(
    event_type: EventType,
    st: StFinding | None,
    scores: EnsembleScore | None,
    *,
    scoring: str = "",
) -> tuple[str, ...]:
    """Return notes for clinicians: what was measured, what was not, what to record next.

    ``scoring`` is the scorer's own account of itself, told where it gave no score.
    """
    if event_type in _TECHNICAL_ACTIONS:
        return ()
    return (*_st_notes(st), *_score_notes(scores, scoring))


def _st_notes(st: StFinding | None) -> tuple[str, ...]:
    if st is None:
        return ("ST was not measurable: infarction cannot be judged.",)
    return (
        *_elevation_notes(st),
        *_confounder_notes(st),
        *((f"Stage: {st.stage}.",) if st.stage else ()),
        *((f"Usual artery: {st.artery_hint}.",) if st.artery_hint else ()),
        *_further_leads(st),
        f"Not reliably visible: {', '.join(st.not_visible)}.",
    )


def _elevation_notes(st: StFinding) -> tuple[str, ...]:
    notes: list[str] = []
    by_sgarbossa = st.rule is StRule.SGARBOSSA
    if st.elevated:
        point = "J point" if by_sgarbossa else "J+40 ms"
        notes.append(f"ST elevation ({point}) in {', '.join(st.elevated)}.")
    if by_sgarbossa and st.risk_level is RiskLevel.CRITICAL_STEMI:
        notes.append("Modified Sgarbossa criterion met behind a wide QRS: suggests an acute MI.")
    elif st.risk_level is RiskLevel.CRITICAL_STEMI:
        notes.append("Elevation in contiguous leads: STEMI criterion met, suggests a regional MI.")
    if st.reciprocal:
        notes.append(f"Reciprocal depression in {', '.join(st.reciprocal)}.")
    elif st.depressed:
        notes.append(f"ST depression in {', '.join(st.depressed)}.")
    return tuple(notes)


def _confounder_notes(st: StFinding) -> tuple[str, ...]:
    """Name what a person has to weigh before believing the verdict."""
    kinds = {each.kind for each in st.confounders}
    reviews = (f"Manual review: {each.kind} ({each.evidence})." for each in st.confounders)
    rule = "Judged by the modified Sgarbossa rule in place of two contiguous leads."
    potassium = "Electrolyte assessment: tall narrow T, wide QRS and flat P."
    return (
        *reviews,
        *((rule,) if st.rule is StRule.SGARBOSSA else ()),
        *((potassium,) if ConfounderKind.HYPERKALAEMIA in kinds else ()),
    )


def _further_leads(st: StFinding) -> tuple[str, ...]:
    """Advise the leads that can show what limb leads cannot."""
    advice: list[str] = []
    if st.territory is Territory.INFERIOR:
        advice.append("Record right-sided leads (V3R, V4R): right ventricular infarction.")
    if _may_be_posterior(st):
        advice.append("Record V7–V9: posterior infarction.")
    return (*advice, "Record a 12-lead ECG.")


def _may_be_posterior(st: StFinding) -> bool:
    """Posterior infarction goes with inferior and circumflex ones, or shows as depression only."""
    if st.territory in {Territory.INFERIOR, Territory.HIGH_LATERAL}:
        return True
    return bool(st.depressed) and not st.elevated


def _score_notes(scores: EnsembleScore | None, scoring: str) -> tuple[str, ...]:
    if scores is None:
        account = (f"Networks: {scoring}.",) if scoring else ()
        return ("Judged by rules only, without a score of the networks.", *account)
    members = ", ".join(f"{name.upper()} {score:.2f}" for name, score in scores.members)
    left_out = f"; left out: {', '.join(scores.left_out)}" if scores.left_out else ""
    apart = f"; {scores.disagreement:.2f} apart" if len(scores.members) > 1 else ""
    agree = f"; {scores.consensus} of {len(scores.members)} see an anomaly"
    with_st = f"; {scores.boosted:.2f} with ST" if scores.boosted > scores.fused else ""
    seen = label_words(scores)
    return (
        f"Networks: {scores.fused:.2f} ({members}){with_st}{agree}{apart}{left_out}.",
        *((f"What each network sees: {seen}.",) if seen else ()),
        *(("Such a score is usual for this patient.",) if scores.is_usual else ()),
        *((f"The rules explain it: {scores.explained_by}.",) if scores.explained_by else ()),
        *((f"Networks installed: {scoring}.",) if DEMOTED in scoring else ()),
    )
