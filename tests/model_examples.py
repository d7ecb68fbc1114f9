"""The networks of tests/fixtures/models in a directory of their own, changed as a test needs it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ecgd.ensemble.fusion import MEMBERS
from ecgd.inference.manifest import TensorSpec, parse_manifest
from ecgd.model.signal import FloatArray

MODELS = Path(__file__).parent / "fixtures" / "models"
SHAPES = {"cnn": (1250, 6), "lstm": (125, 17), "rnn": (30, 42)}

Manifest = dict[str, Any]


def install(
    directory: Path,
    names: tuple[str, ...] = MEMBERS,
    change: Callable[[Manifest], object] = lambda manifest: None,
) -> Path:
    """Copy the named networks into ``directory`` with a manifest that ``change`` may edit."""
    directory.mkdir(exist_ok=True)
    manifest = json.loads((MODELS / "manifest.json").read_text(encoding="utf-8"))
    manifest["members"] = {name: manifest["members"][name] for name in names}
    for name in names:
        shutil.copy(MODELS / f"{name}.tflite", directory)
    change(manifest)
    write_manifest(directory, manifest)
    return directory


def read_manifest(directory: Path) -> Manifest:
    manifest: Manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def write_manifest(directory: Path, manifest: Manifest) -> None:
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def put(directory: Path, name: str, content: bytes) -> None:
    """Put another content into a network's file, and its hash into the manifest."""
    (directory / f"{name}.tflite").write_bytes(content)
    manifest = read_manifest(directory)
    manifest["members"][name]["sha256"] = hashlib.sha256(content).hexdigest()
    write_manifest(directory, manifest)


def always(probability: float) -> Callable[[Manifest], None]:
    """Return a change after which every network answers this to whatever it sees, but by 0.002."""

    def change(manifest: Manifest) -> None:
        logit = float(np.log(probability / (1 - probability)))
        for member in manifest["members"].values():
            labels = len(member["labels"])
            member["calibration"] = [{"slope": 1e-3, "intercept": logit}] * labels

    return change


def golden_case(directory: Path, name: str, number: int = 0) -> tuple[FloatArray, FloatArray]:
    """Return real input values and logits of a golden vector."""
    content = (directory / "manifest.json").read_bytes()
    member = parse_manifest(content, "manifest.json").members[name]
    golden = member.golden[number]
    values = _real(golden.values(member.input), member.input)
    return values[0], _real(np.array(golden.output), member.output)


def windows(seed: int = 0) -> dict[str, FloatArray | None]:
    """Return one input a network, by chance."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=shape) for name, shape in SHAPES.items()}


def _real(quantised: Any, tensor: TensorSpec) -> FloatArray:
    values: FloatArray = (quantised.astype(np.float64) - tensor.zero_point) * tensor.scale
    return values


class Clock:
    """A clock that goes on when it is told to, and by ``step_s`` with each look."""

    def __init__(self, step_s: float = 0.0) -> None:
        self.now_s = 0.0
        self.step_s = step_s

    def __call__(self) -> float:
        self.now_s += self.step_s
        return self.now_s
