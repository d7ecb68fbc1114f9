"""The installed networks without a daemon: what they are, and whether they compute as before."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ecgd.config.settings import EnsembleSettings
from ecgd.ensemble.fusion import MEMBERS
from ecgd.errors import ModelError
from ecgd.inference.litert import LiteRtModel, runtime_name
from ecgd.inference.manifest import MemberSpec, read_member
from ecgd.inference.scorer import read_models
from ecgd.inference.trial import try_out


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """One network as the manifest describes it. ``weight`` is that of the fusion."""

    name: str
    file: str
    sha256: str
    size_bytes: int
    quantisation: str
    labels: tuple[str, ...]
    weight: float
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelsInstalled:
    """All networks of a place; ``runtime`` is empty where none is installed."""

    directory: str
    models_hash: str
    weights_version: str
    code_version: str
    prevalence: float
    runtime: str
    networks: tuple[NetworkFile, ...]


@dataclass(frozen=True, slots=True)
class NetworkVerdict:
    """Whether one network can be used. ``trouble`` says why not; figures are of its trial.

    ``largest_steps`` is how far the worst golden output was off, in steps of its quantisation.
    """

    name: str
    trouble: str
    golden_vectors: int
    largest_steps: float | None = None
    fastest_ms: float | None = None
    memory_mb: float | None = None


def list_models(settings: EnsembleSettings) -> ModelsInstalled | None:
    """Return what the manifest says; None: no model is installed. Raises ModelError."""
    directory, manifest, models_hash = read_models(_place(settings))
    if directory is None or manifest is None:
        return None
    weights = dict(
        zip(MEMBERS, (settings.cnn_weight, settings.lstm_weight, settings.rnn_weight), strict=True)
    )
    return ModelsInstalled(
        directory=str(directory),
        models_hash=models_hash,
        weights_version=manifest.weights_version,
        code_version=manifest.code_version,
        prevalence=manifest.prevalence,
        runtime=runtime_name(),
        networks=tuple(
            NetworkFile(
                name=name,
                file=member.file,
                sha256=member.sha256,
                size_bytes=member.size_bytes,
                quantisation=member.quantisation,
                labels=member.labels,
                weight=weights[name],
                metrics=member.metrics,
            )
            for name, member in manifest.members.items()
        ),
    )


def verify_models(settings: EnsembleSettings) -> tuple[NetworkVerdict, ...]:
    """Load every network and run its golden vectors, as the daemon does at its start.

    Empty: no model is installed. Raises ModelError for a manifest that is none.
    """
    directory, manifest, _ = read_models(_place(settings))
    if directory is None or manifest is None:
        return ()
    slow_s = settings.deadline_ms / 1e3 / len(MEMBERS)
    return tuple(
        _verdict(name, directory, member, slow_s) for name, member in manifest.members.items()
    )


def _verdict(
    name: str, directory: Traversable, member: MemberSpec, slow_s: float
) -> NetworkVerdict:
    before_mb, vectors = _resident_mb(), len(member.golden)
    try:
        model = LiteRtModel(name, read_member(directory, member), member)
        result = try_out(model, member, time.perf_counter)
    except ModelError as error:
        return NetworkVerdict(name, str(error), vectors)
    except Exception as error:  # noqa: BLE001 - whatever a runtime may throw is the verdict
        return NetworkVerdict(name, f"cannot be used ({type(error).__name__}: {error})", vectors)
    fastest_s = min(result.durations_s)
    trouble = ""
    if fastest_s > slow_s:
        trouble = f"too slow: {fastest_s * 1e3:.0f} ms, {slow_s * 1e3:.0f} ms are allowed"
    return NetworkVerdict(
        name,
        trouble,
        vectors,
        largest_steps=result.largest_steps,
        fastest_ms=fastest_s * 1e3,
        memory_mb=max(0.0, _resident_mb() - before_mb),
    )


def _place(settings: EnsembleSettings) -> Path | None:
    return Path(settings.models_dir) if settings.models_dir else None


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
