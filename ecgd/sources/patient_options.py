"""Options of ``synthetic:`` as a patient.

========================  ===================================================================
rhythm=NAME               sinus, af, bradycardia, tachycardia, asystole
rate=BPM                  20 to 250; the rhythm's usual one where it is not given
st=WHERE:MV[@T1[-T2]]     WHERE is inferior, lateral or left-main (the territory's greatest lead
                          gets MV) or an angle in degrees (the vector has the length MV); it sets
                          in at T1 seconds and is full at T2
noise=PRESET              none, mild, strong; or wander:MV,muscle:MV,mains50:MV (or mains60)
electrode_off=NAME@T1-T2  RA, LA, LL, RL; several with commas between them; T2 may be left out
pvc=SHARE, pac=SHARE      share of premature beats, 0 to 0.4
seed=N                    another patient of the same kind
========================  ===================================================================
"""

from __future__ import annotations

import math
import re
from typing import Final

from ecgd.sources.dipole import TERRITORY_DEG, StVector, territory_vector
from ecgd.sources.noise import NOISE_PRESETS, NoiseLevels
from ecgd.sources.options import Options, read_number
from ecgd.sources.patient import ELECTRODES, ElectrodeOff, Patient
from ecgd.sources.rhythm import USUAL_RATE_BPM, Rhythm

PATIENT_OPTIONS: Final = (
    "rate",
    "rhythm",
    "st",
    "noise",
    "electrode_off",
    "pvc",
    "pac",
    "seed",
)

_ST_MAX_MV = 2.0
_NOISE_MAX_MV = 5.0
_SPAN = re.compile(r"(?P<start>[\d.]+)(?:-(?P<end>[\d.]+))?")
_ST = re.compile(r"(?P<where>-?[\w.-]+):(?P<mv>-?[\d.]+)(?:@(?P<span>[\d.-]+))?")


def read_patient(options: Options) -> Patient:
    """Return the patient that the options describe; problems are left in ``options``."""
    rhythm = Rhythm(options.choice("rhythm", "sinus", tuple(Rhythm)))
    if rhythm is Rhythm.ASYSTOLE and options.text("rate") is not None:
        options.problems.append("rate does not go with rhythm=asystole")
    return Patient(
        rhythm=rhythm,
        rate_bpm=options.number("rate", USUAL_RATE_BPM[rhythm], 20.0, 250.0),
        st=_st(options),
        noise=_noise(options),
        electrode_off=read_electrodes_off(options, "electrode_off"),
        pvc_fraction=options.number("pvc", 0.0, 0.0, 0.4),
        pac_fraction=options.number("pac", 0.0, 0.0, 0.4),
        seed=options.integer("seed", 0, 0, 2**63),
    )


def read_electrodes_off(options: Options, name: str) -> tuple[ElectrodeOff, ...]:
    """Return the spans in which electrodes hang loose."""
    text = options.text(name)
    if text is None:
        return ()
    spans = tuple(_electrode_off(part) for part in text.split(","))
    if None in spans:
        electrodes = ", ".join(ELECTRODES)
        options.refuse(name, text, f"as LA@10-20 ({electrodes}; seconds from the start)")
    return tuple(span for span in spans if span is not None)


def _electrode_off(text: str) -> ElectrodeOff | None:
    electrode, _, times = text.partition("@")
    span = _span(times)
    if electrode not in ELECTRODES or span is None:
        return None
    start_s, end_s = span
    return ElectrodeOff(electrode, start_s, math.inf if end_s is None else end_s)


def _st(options: Options) -> StVector | None:
    text = options.text("st")
    if text is None:
        return None
    vector = _st_vector(text)
    if vector is None:
        places = ", ".join(TERRITORY_DEG)
        options.refuse(
            "st",
            text,
            f"WHERE:MV or WHERE:MV@START-FULL, WHERE one of {places} or an angle in degrees, "
            f"MV from -{_ST_MAX_MV:g} to {_ST_MAX_MV:g}, times in seconds",
        )
    return vector


def _st_vector(text: str) -> StVector | None:
    match = _ST.fullmatch(text)
    length_mv = read_number(match["mv"]) if match else None
    if match is None or length_mv is None or abs(length_mv) > _ST_MAX_MV:
        return None
    span = (0.0, None) if match["span"] is None else _span(match["span"])
    angle_deg = read_number(match["where"])
    if match["where"] in TERRITORY_DEG:
        angle_deg, length_mv = territory_vector(match["where"], length_mv)
    if angle_deg is None or span is None:
        return None
    start_s, full_s = span
    return StVector(angle_deg, length_mv, start_s, start_s if full_s is None else full_s)


def _span(text: str) -> tuple[float, float | None] | None:
    match = _SPAN.fullmatch(text)
    start_s = read_number(match["start"]) if match else None
    if match is None or start_s is None:
        return None
    if match["end"] is None:
        return start_s, None
    end_s = read_number(match["end"])
    return (start_s, end_s) if end_s is not None and end_s > start_s else None


def _noise(options: Options) -> NoiseLevels:
    text = options.text("noise")
    if text is None:
        return NOISE_PRESETS["mild"]
    levels = NOISE_PRESETS.get(text) or _noise_levels(text)
    if levels is None:
        presets = ", ".join(NOISE_PRESETS)
        options.refuse(
            "noise",
            text,
            f"one of {presets}, or as wander:0.1,muscle:0.02,mains50:0.01 (mV, at most "
            f"{_NOISE_MAX_MV:g})",
        )
        return NOISE_PRESETS["mild"]
    return levels


def _noise_levels(text: str) -> NoiseLevels | None:
    fields: dict[str, float] = {}
    for part in text.split(","):
        kind, _, figure = part.partition(":")
        level_mv = read_number(figure)
        if level_mv is None or not 0 <= level_mv <= _NOISE_MAX_MV:
            return None
        if kind in ("mains50", "mains60"):
            fields |= {"mains_mv": level_mv, "mains_hz": float(kind.removeprefix("mains"))}
        elif kind in ("wander", "muscle"):
            fields[f"{kind}_mv"] = level_mv
        else:
            return None
    return NoiseLevels(**fields)
