"""LiteRT: the only module that knows the runtime. It is imported when a model is loaded."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ecgd.ensemble.member import Answer
from ecgd.errors import ModelError
from ecgd.inference.manifest import REINSTALL, MemberSpec, TensorSpec
from ecgd.model.signal import FloatArray

RUNTIMES: Final = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")
"""Modules with an Interpreter, the preferred one first; the second where only that exists."""

_IDENTIFIER: Final = b"TFL3"


class LiteRtModel:
    """One quantised network on one thread. Not to be used by two threads at once."""

    def __init__(self, name: str, content: bytes, member: MemberSpec) -> None:
        """Load a network; raises ModelError if it cannot be, or is not what ``member`` says."""
        self.name = name
        self._member = member
        self._interpreter = allocate(name, content)
        self._input_index = _check_tensor(
            name, "input", self._interpreter.get_input_details(), member.input
        )
        self._output_index = _check_tensor(
            name, "output", self._interpreter.get_output_details(), member.output
        )

    def answer(self, values: FloatArray) -> Answer:
        """Return the calibrated answer to ``values``, of the input's shape but for the batch.

        Raises RuntimeError or ValueError if the runtime fails, or answers with no figures.
        """
        output = self._member.output
        raw = self.run(quantise(values, self._member.input)).astype(np.float64).ravel()
        if not np.isfinite(raw).all():
            raise ValueError("the network answered with what is no figure")
        logits = (raw - output.zero_point) * output.scale
        probabilities = [
            calibration.probability(logit)
            for calibration, logit in zip(self._member.calibration, logits.tolist(), strict=True)
        ]
        own = zip(self._member.labels[1:], probabilities[1:], strict=True)
        return Answer(probabilities[0], tuple(own))

    def run(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """Return the output tensor for an input tensor, both as they are quantised."""
        self._interpreter.set_tensor(self._input_index, tensor)
        self._interpreter.invoke()
        output: NDArray[Any] = self._interpreter.get_tensor(self._output_index)
        return output


def quantise(values: FloatArray, tensor: TensorSpec) -> NDArray[Any]:
    """Return real values as a tensor; what the type cannot hold saturates."""
    if tensor.dtype == "float32":
        return values.astype(np.float32).reshape(tensor.shape)
    limits = np.iinfo(tensor.dtype)
    quantised = np.rint(values / tensor.scale) + tensor.zero_point
    clipped: NDArray[Any] = np.clip(quantised, limits.min, limits.max).astype(tensor.dtype)
    return clipped.reshape(tensor.shape)


def runtime_name() -> str:
    """Return the runtime that would be used, with its version; empty: none is installed."""
    for module in RUNTIMES:
        package = module.partition(".")[0]
        try:
            import_module(module)
        except ImportError:
            continue
        try:
            return f"{package.replace('_', '-')} {version(package)}"
        except PackageNotFoundError:
            return package.replace("_", "-")
    return ""


def _runtime() -> Any:
    """Return the runtime's module; raises ModelError if none is installed."""
    for module in RUNTIMES:
        try:
            return import_module(module)
        except ImportError:
            continue
    raise ModelError(
        "models are installed but no runtime for them",
        "Install ai-edge-litert (or tflite-runtime on 32-bit systems)",
    )


def allocate(name: str, content: bytes) -> Any:
    """Return a file's interpreter, ready to run on one thread; raises ModelError."""
    runtime = _runtime()
    if content[4:8] != _IDENTIFIER:
        raise ModelError(f"model {name} is no TFLite file", REINSTALL)
    try:
        # Without XNNPACK, whose rounding depends on the processor: the kernels that stay compute
        # int8 in whole numbers, the same everywhere, and need less memory.
        kernels = runtime.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        interpreter = runtime.Interpreter(
            model_content=content, num_threads=1, experimental_op_resolver_type=kernels
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"model {name} cannot be loaded ({error})", REINSTALL) from error
    return interpreter


def _check_tensor(name: str, side: str, details: list[dict[str, Any]], spec: TensorSpec) -> int:
    """Return the tensor's index; raises ModelError where file and manifest differ."""
    if len(details) != 1:
        raise ModelError(f"model {name} has {len(details)} {side}s, one is expected", REINSTALL)
    found = details[0]
    expected: list[tuple[str, object, object]] = [
        ("name", found["name"], spec.name),
        ("shape", tuple(int(n) for n in found["shape"]), spec.shape),
        ("type", np.dtype(found["dtype"]).name, spec.dtype),
    ]
    scale, zero_point = found["quantization"]
    is_quantised = spec.dtype != "float32"
    if is_quantised:
        expected.append(("zero point", int(zero_point), spec.zero_point))
    differences = [
        f"{what} is {actual}, the manifest says {said}"
        for what, actual, said in expected
        if actual != said
    ]
    if is_quantised and not np.isclose(scale, spec.scale, rtol=1e-5, atol=0.0):
        differences.append(f"scale is {scale}, the manifest says {spec.scale}")
    if differences:
        raise ModelError(f"model {name}, {side}: {'; '.join(differences)}", REINSTALL)
    return int(found["index"])
