"""Writes what an installation takes: the files, the manifest and the card, whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ecgd.evaluation.corpus import PATIENTS_NAME, format_patients
from ecgd.evaluation.ensemble_rival import RIVALS_NAME, format_rivals
from ecgd.inference.litert import quantise
from ecgd.inference.manifest import (
    MANIFEST_NAME,
    GoldenVector,
    Manifest,
    MemberSpec,
    Platt,
)
from ecgd.model.leads import LIMB_LEADS
from ecgd.model.network_label import ANOMALY, HEADS
from ecgd.model.signal import Float32Array
from ecgd.pipeline.model_inputs import MODEL_FS_HZ
from ecgd.training.card import write_card
from ecgd.training.judging import Calibrated, Calibration
from ecgd.training.outcome import Run, metrics_of
from ecgd.training.quantisation import Quantised

CARD_NAME: Final = "MODEL_CARD.md"
GOLDEN: Final = 3
GOLDEN_TOLERANCE: Final = {"int8": 1.0, "16x8": 64.0, "dynamic": 1e-3}
"""Steps of the output that another processor may differ by; kernels in whole numbers should not."""


def write_package(
    folder: Path,
    run: Run,
    made: Mapping[str, Quantised],
    calibrated: Calibrated,
    shown: Mapping[str, Float32Array],
) -> Manifest:
    """Write models, manifest and card; ``shown`` are real inputs (row, ...) for golden vectors.

    The manifest comes last: what it names is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    members = {}
    for name, quantised in made.items():
        file = f"{name}.tflite"
        _replace(folder / file, quantised.content)
        members[name] = MemberSpec(
            file=file,
            sha256=hashlib.sha256(quantised.content).hexdigest(),
            size_bytes=len(quantised.content),
            quantisation=quantised.scheme,  # type: ignore[arg-type]
            input=quantised.input,
            output=quantised.output,
            labels=HEADS[name],
            calibration=tuple(_platt(each) for each in calibrated.members[name]),
            golden=golden_vectors(quantised, shown[name]),
            metrics=metrics_of(run, name),
        )
    manifest = Manifest(
        version=2,
        weights_version=run.weights_version,
        label=ANOMALY,
        code_version=run.code_version,
        data_fingerprint=run.data_fingerprint,
        seed=run.seed,
        prevalence=run.prevalence,
        fs_hz=MODEL_FS_HZ,
        leads=LIMB_LEADS,
        members=members,
        fused_calibration={key: _platt(each) for key, each in calibrated.fused.items()},
    )
    _replace(folder / PATIENTS_NAME, format_patients(run.patients).encode())
    _replace(folder / RIVALS_NAME, format_rivals(run.rival_models).encode())
    _replace(folder / CARD_NAME, write_card(run).encode())
    _replace(folder / MANIFEST_NAME, f"{manifest.model_dump_json(indent=1)}\n".encode())
    return manifest


def golden_vectors(made: Quantised, shown: Float32Array) -> tuple[GoldenVector, ...]:
    """Return a few real inputs and what the file answers, as they lie in the tensors.

    Those with the lowest, the middle and the highest score, so that a network that answers
    always alike cannot pass.
    """
    order = np.argsort(made.logits[:, 0])
    places = np.linspace(0, order.size - 1, GOLDEN).round().astype(int)
    return tuple(_golden(made, shown[row], made.logits[row]) for row in order[places].tolist())


def _golden(made: Quantised, values: Float32Array, logits: np.ndarray[Any, Any]) -> GoldenVector:
    numbers = quantise(values.astype(np.float64), made.input)
    little = np.ascontiguousarray(numbers, numbers.dtype.newbyteorder("<"))
    packed = base64.b64encode(zlib.compress(little.tobytes(), 9)).decode()
    answer = logits / made.output.scale + made.output.zero_point
    if made.output.dtype != "float32":
        answer = np.rint(answer)
    tolerance = GOLDEN_TOLERANCE[made.scheme]
    return GoldenVector(input=packed, output=tuple(map(float, answer)), tolerance=tolerance)


def _platt(calibration: Calibration) -> Platt:
    slope, intercept = calibration
    return Platt(slope=slope, intercept=intercept)


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
