"""The installed networks as one scorer, or the clear state that there are none."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import numpy as np

from ecgd.errors import ModelError
from ecgd.inference.litert import LiteRtModel
from ecgd.inference.manifest import MANIFEST_NAME, Manifest, parse_manifest, read_member
from ecgd.model.signal import FloatArray

MODELS_PACKAGE: Final = "ecgd_models"
"""Package that carries the quantised models of an installation."""

FS_TOLERANCE: Final = 0.01
"""A device's rate may differ from the models' by this share: resonators do."""

_log = logging.getLogger(__name__)


class NoModels:
    """A scorer without networks: it gives no score, and ``reason`` says why."""

    names: tuple[str, ...] = ()
    models_hash = ""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    @property
    def scoring(self) -> str:
        """In words, for status and alerts."""
        return f"{self.reason}: rules only"

    def score(self, model_input: FloatArray, fs_hz: float) -> Mapping[str, float | None]:
        """Return nothing: no score is ever invented."""
        return {}


class InstalledModels:
    """The networks of one manifest."""

    def __init__(
        self, manifest: Manifest, models: tuple[LiteRtModel, ...], models_hash: str
    ) -> None:
        self.names = tuple(model.name for model in models)
        self.models_hash = models_hash
        self._manifest = manifest
        self._models = models
        self._failed: frozenset[str] = frozenset()

    @property
    def scoring(self) -> str:
        """In words, for status and alerts."""
        failing = f"; failing: {', '.join(sorted(self._failed))}" if self._failed else ""
        return f"{', '.join(self.names)} (weights {self._manifest.weights_version}){failing}"

    def score(self, model_input: FloatArray, fs_hz: float) -> Mapping[str, float | None]:
        """Return each member's answer, None where it has none (see ``ensemble.member``)."""
        values = self._fit(model_input, fs_hz)
        if values is None:
            return dict.fromkeys(self.names)
        return {model.name: self._ask(model, values) for model in self._models}

    def _fit(self, model_input: FloatArray, fs_hz: float) -> FloatArray | None:
        """Return the newest samples as (sample, lead); None if they are not what models expect."""
        wanted = self._manifest
        lead_count, sample_count = model_input.shape
        rate_fits = abs(fs_hz - wanted.fs_hz) <= FS_TOLERANCE * wanted.fs_hz
        if not rate_fits or lead_count != len(wanted.leads) or sample_count < wanted.samples:
            return None
        newest: FloatArray = model_input[:, -wanted.samples :].T
        return newest if bool(np.isfinite(newest).all()) else None

    def _ask(self, model: LiteRtModel, values: FloatArray) -> float | None:
        """Return one member's answer; a failure leaves it out, and is logged when it begins."""
        try:
            answer = model.predict(values)
        except (RuntimeError, ValueError):
            if model.name not in self._failed:
                _log.exception("network %s failed and is left out", model.name)
            self._failed |= {model.name}
            return None
        self._failed -= {model.name}
        return answer


def load_scorer(models_dir: Path | None) -> InstalledModels | NoModels:
    """Load the models of a directory, or with None those installed with the package.

    A place without a manifest is the clear state "no model installed". Raises ModelError if a
    configured directory does not exist, or if anything that the manifest names is missing,
    damaged, or not what it says.
    """
    if models_dir is not None and not models_dir.is_dir():
        raise ModelError(f"there is no directory {models_dir}", "Correct ensemble.models_dir")
    directory = _packaged_directory() if models_dir is None else models_dir
    if directory is None or not directory.joinpath(MANIFEST_NAME).is_file():
        return NoModels("no model installed")
    where = directory.joinpath(MANIFEST_NAME)
    try:
        content = where.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{where} cannot be read ({error.strerror})", "Make it readable"
        ) from error
    manifest = parse_manifest(content, str(where))
    models = tuple(
        LiteRtModel(name, read_member(directory, member), member)
        for name, member in manifest.members.items()
    )
    return InstalledModels(manifest, models, hashlib.sha256(content).hexdigest())


def _packaged_directory() -> Traversable | None:
    try:
        return resources.files(MODELS_PACKAGE)
    except ModuleNotFoundError:
        return None
