"""Real, tiny int8 networks for tests, written with LiteRT's own flatbuffer schema.

A network is one fully connected layer over the whole window and a logistic output, so its answer
can be computed by hand: sigmoid(sum(weights * window) + bias).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

LEADS = ["I", "II", "III", "aVL", "aVF", "aVR"]
SAMPLES = 50
FS_HZ = 250.0
INPUT_SCALE = 0.05
WEIGHT_SCALE = 0.001
LOGIT_SCALE = 0.1


def build_model(weights: NDArray[np.int8], bias: int = 0) -> bytes:
    """Return a .tflite file: ``weights`` are (sample, lead) at ``WEIGHT_SCALE``."""
    model = schema.ModelT()
    model.version = 3
    model.operatorCodes = [
        _code(schema.BuiltinOperator.FULLY_CONNECTED, 4),
        _code(schema.BuiltinOperator.LOGISTIC, 2),
    ]
    model.buffers = [
        _buffer(b""),
        _buffer(weights.astype(np.int8).tobytes()),
        _buffer(np.array([bias], dtype=np.int32).tobytes()),
    ]
    graph = schema.SubGraphT()
    int8, int32 = schema.TensorType.INT8, schema.TensorType.INT32
    graph.tensors = [
        _tensor("window", [1, *weights.shape], int8, 0, (INPUT_SCALE, 0)),
        _tensor("weights", [1, weights.size], int8, 1, (WEIGHT_SCALE, 0)),
        _tensor("bias", [1], int32, 2, (INPUT_SCALE * WEIGHT_SCALE, 0)),
        _tensor("logit", [1, 1], int8, 0, (LOGIT_SCALE, 0)),
        _tensor("probability", [1, 1], int8, 0, (1 / 256, -128)),
    ]
    dense = schema.OperatorT()
    dense.opcodeIndex, dense.inputs, dense.outputs = 0, [0, 1, 2], [3]
    dense.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    dense.builtinOptions = schema.FullyConnectedOptionsT()
    logistic = schema.OperatorT()
    logistic.opcodeIndex, logistic.inputs, logistic.outputs = 1, [3], [4]
    graph.operators = [dense, logistic]
    graph.inputs, graph.outputs = [0], [4]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def install(directory: Path, models: dict[str, bytes], **changes: Any) -> dict[str, Any]:
    """Write model files and their manifest into ``directory``; return the manifest."""
    members = {}
    for name, content in models.items():
        (directory / f"{name}.tflite").write_bytes(content)
        members[name] = member(name, content)
    manifest = {
        "version": 1,
        "weights_version": "test-1",
        "label": "significant anomaly",
        "fs_hz": FS_HZ,
        "samples": SAMPLES,
        "leads": LEADS,
        "normalisation": "z-score",
        "members": members,
        **changes,
    }
    write_manifest(directory, manifest)
    return manifest


def write_manifest(directory: Path, manifest: dict[str, Any]) -> None:
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def member(name: str, content: bytes) -> dict[str, Any]:
    """Return a member's part of the manifest, true to ``build_model``."""
    return {
        "file": f"{name}.tflite",
        "sha256": hashlib.sha256(content).hexdigest(),
        "input": {
            "name": "window",
            "shape": [1, SAMPLES, 6],
            "scale": INPUT_SCALE,
            "zero_point": 0,
        },
        "output": {"name": "probability", "shape": [1, 1], "scale": 1 / 256, "zero_point": -128},
        "calibration": {"slope": 1.0, "intercept": 0.0},
    }


def _code(operator: int, version: int) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = operator
    code.version = version
    return code


def _buffer(content: bytes) -> Any:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(content, dtype=np.uint8) if content else None
    return buffer


def _tensor(
    name: str, shape: list[int], kind: int, buffer: int, quantised: tuple[float, int]
) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, shape, kind, buffer
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = [[each] for each in quantised]
    return tensor
