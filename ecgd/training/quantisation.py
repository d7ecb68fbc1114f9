"""From a trained network to the smallest file that ranks as well: int8, 16x8 or dynamic range."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np

from ecgd.evaluation.detection_figures import auc
from ecgd.inference.litert import allocate, quantise
from ecgd.inference.manifest import TensorSpec
from ecgd.model.signal import Float32Array, FloatArray
from ecgd.training.networks import build

SCHEMES: Final = ("int8", "16x8", "dynamic")
"""Smallest and fastest first; the first whose loss is allowed is taken."""

LARGEST_LOSS: Final = 0.005
"""AUC that quantisation may cost, of the fused label and of the eye's own in the mean."""

LEAST_TOLD: Final = 10
"""A label with fewer recordings of either kind does not judge the quantisation."""

REPRESENTATIVE: Final = 300


@dataclass(frozen=True, slots=True, eq=False)
class Quantised:
    """One converted network; ``invoke_s`` (call,) is how long one answer took here."""

    scheme: str
    content: bytes
    input: TensorSpec
    output: TensorSpec
    logits: FloatArray
    invoke_s: FloatArray


@dataclass(frozen=True, slots=True)
class Trial:
    """What one scheme costs: AUC lost by the fused label, and by the own labels in the mean."""

    scheme: str
    size_bytes: int
    anomaly_loss: float
    own_loss: float
    invoke_p99_s: float

    @property
    def allowed(self) -> bool:
        """Whether so much may be lost."""
        return max(self.anomaly_loss, self.own_loss) <= LARGEST_LOSS


def smallest_faithful(
    member: str,
    network: Any,
    representative: Float32Array,
    judged: Float32Array,
    truth: Float32Array,
) -> tuple[Quantised, tuple[Trial, ...]]:
    """Return the first scheme that costs little enough, and what each that was tried costs.

    ``representative`` (row, ...) sets the ranges; ``judged`` (row, ...) with ``truth``
    (row, label), -1 for unknown, decides. Dynamic range is taken if nothing else is allowed.
    """
    saved = _as_batch_of_one(member, network)
    reference = float_logits(network, judged)
    trials: list[Trial] = []
    for scheme in SCHEMES:
        made = run_file(scheme, _convert(saved, scheme, representative), judged)
        trials.append(_trial(made, reference, truth))
        if trials[-1].allowed:
            break
    return made, tuple(trials)


def float_logits(network: Any, judged: Float32Array) -> FloatArray:
    """Return what the network told before it was quantised, shape (row, label)."""
    pieces = [judged[first : first + 256] for first in range(0, len(judged), 256)]
    told = [np.asarray(network(piece, training=False), np.float64) for piece in pieces]
    logits: FloatArray = np.concatenate(told)
    return logits


def _as_batch_of_one(member: str, network: Any) -> Any:
    exported = build(member, for_export=True)
    exported.set_weights(network.get_weights())
    return exported


def _convert(network: Any, scheme: str, representative: Float32Array) -> bytes:
    tensorflow: Any = import_module("tensorflow")
    lite = tensorflow.lite
    with tempfile.TemporaryDirectory() as folder:
        network.export(folder, format="tf_saved_model", verbose=False)
        converter = lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [lite.Optimize.DEFAULT]
        if scheme != "dynamic":
            converter.representative_dataset = lambda: ([row[None]] for row in representative)
            numbers, kind = _NUMBERS[scheme]
            converter.target_spec.supported_ops = [getattr(lite.OpsSet, kind)]
            converter.inference_input_type = getattr(tensorflow, numbers)
            converter.inference_output_type = getattr(tensorflow, numbers)
        content: bytes = converter.convert()
    return content


_NUMBERS: Final = {
    "int8": ("int8", "TFLITE_BUILTINS_INT8"),
    "16x8": ("int16", "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"),
}


def run_file(scheme: str, content: bytes, judged: Float32Array) -> Quantised:
    """Return a file with its logits of ``judged`` (row, ...), run as the daemon runs it."""
    interpreter = allocate(scheme, content)
    entry, leave = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    seen, told = _spec_of(entry), _spec_of(leave)
    logits, invoke_s = [], []
    for row in judged:
        interpreter.set_tensor(entry["index"], quantise(row.astype(np.float64), seen))
        began_s = time.perf_counter()
        interpreter.invoke()
        invoke_s.append(time.perf_counter() - began_s)
        answer = interpreter.get_tensor(leave["index"]).ravel().astype(np.float64)
        logits.append((answer - told.zero_point) * told.scale)
    return Quantised(scheme, content, seen, told, np.array(logits), np.array(invoke_s))


def _spec_of(detail: dict[str, Any]) -> TensorSpec:
    """Return what the runtime says of a tensor; one that is not quantised has scale 1."""
    scale, zero_point = detail["quantization"]
    return TensorSpec(
        name=detail["name"],
        shape=tuple(int(length) for length in detail["shape"]),
        dtype=np.dtype(detail["dtype"]).name,
        scale=float(scale) or 1.0,
        zero_point=int(zero_point),
    )


def _trial(made: Quantised, reference: FloatArray, truth: Float32Array) -> Trial:
    losses = [
        _auc_loss(reference[:, k], made.logits[:, k], truth[:, k]) for k in range(truth.shape[1])
    ]
    own = [loss for loss in losses[1:] if np.isfinite(loss)]
    return Trial(
        made.scheme,
        len(made.content),
        losses[0] if np.isfinite(losses[0]) else 0.0,
        float(np.mean(own)) if own else 0.0,
        float(np.percentile(made.invoke_s, 99)),
    )


def _auc_loss(reference: FloatArray, logits: FloatArray, truth: Float32Array) -> float:
    known = truth >= 0.0
    holds = truth[known] > 0.5
    if min(int(holds.sum()), int((~holds).sum())) < LEAST_TOLD:
        return float("nan")
    return auc(holds, reference[known]) - auc(holds, logits[known])
