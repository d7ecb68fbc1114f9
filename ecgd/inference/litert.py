"""LiteRT: the only module that knows the runtime. It is imported when a model is loaded."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import numpy as np

from ecgd.errors import ModelError
from ecgd.inference.manifest import MemberSpec, TensorSpec
from ecgd.model.signal import FloatArray

RUNTIMES: Final = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
"""Modules with an Interpreter, the preferred one first; the second where only that exists."""

_IDENTIFIER: Final = b"TFL3"
_REINSTALL: Final = "Install the models again, or remove them to run on rules only"
_LOGIT_EDGE: Final = 1e-6


class LiteRtModel:
    """One int8 network on one thread. Not to be used by two threads at once."""

    def __init__(self, name: str, content: bytes, member: MemberSpec) -> None:
        """Load a network; raises ModelError if it cannot be, or is not what ``member`` says."""
        self.name = name
        self._member = member
        self._interpreter = _allocate(name, content)
        self._input_index = _check_tensor(
            name, "input", self._interpreter.get_input_details(), member.input
        )
        self._output_index = _check_tensor(
            name, "output", self._interpreter.get_output_details(), member.output
        )

    def predict(self, values: FloatArray) -> float:
        """Return the calibrated probability of ``values``, shape (sample, lead).

        Raises RuntimeError or ValueError if the runtime fails.
        """
        tensor = self._member.input
        quantised = np.rint(values / tensor.scale) + tensor.zero_point
        clipped = np.clip(quantised, -128, 127).astype(np.int8)
        self._interpreter.set_tensor(self._input_index, clipped.reshape(tensor.shape))
        self._interpreter.invoke()
        answer = int(self._interpreter.get_tensor(self._output_index).ravel()[0])
        output = self._member.output
        return self._calibrate((answer - output.zero_point) * output.scale)

    def _calibrate(self, probability: float) -> float:
        inside = min(1 - _LOGIT_EDGE, max(_LOGIT_EDGE, probability))
        logit = float(np.log(inside / (1 - inside)))
        calibration = self._member.calibration
        return float(1 / (1 + np.exp(-(calibration.slope * logit + calibration.intercept))))


def _interpreter_class() -> Any:
    """Return the runtime's Interpreter; raises ModelError if no runtime is installed."""
    for module in RUNTIMES:
        try:
            return import_module(module).Interpreter
        except ImportError:
            continue
    raise ModelError(
        "models are installed but no runtime for them",
        "Install ai-edge-litert (or tflite-runtime on 32-bit systems)",
    )


def _allocate(name: str, content: bytes) -> Any:
    interpreter_class = _interpreter_class()
    if content[4:8] != _IDENTIFIER:
        raise ModelError(f"model {name} is no TFLite file", _REINSTALL)
    try:
        interpreter = interpreter_class(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"model {name} cannot be loaded ({error})", _REINSTALL) from error
    return interpreter


def _check_tensor(name: str, side: str, details: list[dict[str, Any]], spec: TensorSpec) -> int:
    """Return the tensor's index; raises ModelError where file and manifest differ."""
    if len(details) != 1:
        raise ModelError(f"model {name} has {len(details)} {side}s, one is expected", _REINSTALL)
    found = details[0]
    scale, zero_point = found["quantization"]
    differences = [
        f"{what} is {actual}, the manifest says {expected}"
        for what, actual, expected in (
            ("name", found["name"], spec.name),
            ("shape", tuple(int(n) for n in found["shape"]), spec.shape),
            ("type", np.dtype(found["dtype"]).name, "int8"),
            ("zero point", int(zero_point), spec.zero_point),
        )
        if actual != expected
    ]
    if not np.isclose(scale, spec.scale, rtol=1e-5, atol=0.0):
        differences.append(f"scale is {scale}, the manifest says {spec.scale}")
    if differences:
        raise ModelError(f"model {name}, {side}: {'; '.join(differences)}", _REINSTALL)
    return int(found["index"])
