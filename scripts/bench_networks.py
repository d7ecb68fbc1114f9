"""The networks under one runtime: how long each answers, and what; a process of its own for others.

usage: python scripts/bench_networks.py DIR

Prints JSON. Any interpreter will do that has numpy, pydantic, a runtime and this checkout on its
path: so that another runtime can be compared that does not install beside the first.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ecgd.inference.litert import LiteRtModel, runtime_name
from ecgd.inference.manifest import Manifest, read_member
from ecgd.inference.scorer import read_models

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 300
WARM_UP = 20
COMPARED = 50
"""So many answers are timed, and so many inputs by chance compared."""

SEED = 7


@dataclass(frozen=True, slots=True)
class NetworksRun:
    """What one runtime did: percentiles in ms by network and of all in turn; digests of answers."""

    runtime: str
    p50_ms: Mapping[str, float]
    p99_ms: Mapping[str, float]
    together_p50_ms: float
    together_p99_ms: float
    answers: Mapping[str, tuple[str, ...]]

    def differing(self, other: NetworksRun) -> int:
        """Return how many answers another runtime has given otherwise, by their bits."""
        return sum(
            one != two
            for name, told in self.answers.items()
            for one, two in zip(told, other.answers[name], strict=True)
        )

    @property
    def compared(self) -> int:
        return sum(len(told) for told in self.answers.values())


def run_networks(models: Path | None) -> NetworksRun | None:
    """Time and ask the networks of a folder, None: the package's; None: there are none."""
    directory, manifest, _ = read_models(models)
    if directory is None or manifest is None:
        return None
    loaded = {
        name: LiteRtModel(name, read_member(directory, member), member)
        for name, member in manifest.members.items()
    }
    spent_ms = _timed(loaded, manifest)
    together_ms = np.sum(list(spent_ms.values()), axis=0)
    return NetworksRun(
        runtime_name(),
        {name: float(np.percentile(each, 50)) for name, each in spent_ms.items()},
        {name: float(np.percentile(each, 99)) for name, each in spent_ms.items()},
        float(np.percentile(together_ms, 50)),
        float(np.percentile(together_ms, 99)),
        _answers(loaded, manifest),
    )


def _timed(loaded: Mapping[str, LiteRtModel], manifest: Manifest) -> dict[str, list[float]]:
    """Return milliseconds of each round by network, the real inputs of the manifest in turn."""
    spent_ms: dict[str, list[float]] = {name: [] for name in loaded}
    for number in range(WARM_UP + ROUNDS):
        for name, network in loaded.items():
            member = manifest.members[name]
            golden = member.golden[number % len(member.golden)]
            tensor = golden.values(member.input)
            begin = time.perf_counter()
            network.run(tensor)
            if number >= WARM_UP:
                spent_ms[name].append(1000 * (time.perf_counter() - begin))
    return spent_ms


def _answers(loaded: Mapping[str, LiteRtModel], manifest: Manifest) -> dict[str, tuple[str, ...]]:
    rng = np.random.default_rng(SEED)
    answers = {}
    for name, network in loaded.items():
        tensor = manifest.members[name].input
        told = []
        for _ in range(COMPARED):
            if tensor.dtype == "float32":
                values = rng.integers(-4000, 4000, tensor.shape).astype(np.float32) / 1000
            else:
                limits = np.iinfo(tensor.dtype)
                values = rng.integers(limits.min, limits.max, tensor.shape).astype(tensor.dtype)
            told.append(hashlib.sha256(network.run(values).tobytes()).hexdigest()[:16])
        answers[name] = tuple(told)
    return answers


def run_elsewhere(python: str, models: Path | None) -> NetworksRun:
    """Do the same under another interpreter and its runtime; exits with its words if it cannot."""
    directory, _, _ = read_models(models)
    command = [python, str(Path(__file__).resolve()), str(directory)]
    path = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(f"{python} cannot run the networks:\n{done.stderr}")
    held = json.loads(done.stdout)
    held["answers"] = {name: tuple(told) for name, told in held["answers"].items()}
    return NetworksRun(**held)


def main() -> None:
    """Print what the networks of a folder did here."""
    run = run_networks(Path(sys.argv[1]))
    print(json.dumps(None if run is None else asdict(run)))


if __name__ == "__main__":
    main()
