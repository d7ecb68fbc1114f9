"""The installed networks as one scorer, or the clear state that there are none."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from math import inf
from pathlib import Path
from typing import Final

from ecgd.ensemble.fusion import MEMBERS
from ecgd.ensemble.member import Answer, FusedCalibration
from ecgd.errors import ModelError
from ecgd.inference.manifest import (
    LARGEST_MANIFEST_BYTES,
    MANIFEST_NAME,
    REINSTALL,
    Manifest,
    parse_manifest,
    read_at_most,
)
from ecgd.inference.seat import Seat
from ecgd.model.signal import FloatArray
from ecgd.model.status import NetworkState

MODELS_PACKAGE: Final = "ecgd_models"
"""Package that carries the quantised models of an installation."""


class NoModels:
    """A scorer without networks: it gives no score, and ``reason`` says why.

    ``is_broken``: models are installed or configured, but none of them can be used.
    """

    names: tuple[str, ...] = ()
    models_hash = ""
    fused_calibration: Mapping[str, FusedCalibration] = {}
    states: tuple[NetworkState, ...] = ()

    def __init__(self, reason: str, *, is_broken: bool = False) -> None:
        self.reason = reason
        self.is_broken = is_broken

    @property
    def scoring(self) -> str:
        """In words, for status and alerts."""
        return f"{self.reason}: rules only"

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong with the networks; empty: nothing."""
        return (self.reason,) if self.is_broken else ()

    def tend(self) -> None:
        """Do nothing."""

    def score(self, inputs: Mapping[str, FloatArray | None]) -> Mapping[str, Answer | None]:
        """Return nothing: no score is ever invented."""
        return {}


class InstalledModels:
    """The networks of one manifest, each in a seat of its own.

    Nothing is loaded before ``tend`` was called. ``tend`` and ``score`` belong to one thread; the
    rest may be read by any. ``deadline_s`` is for all answers to one window: a member that takes
    more than its equal part three times in a row is demoted, and one whose turn comes after the
    deadline is left out.
    """

    def __init__(
        self,
        manifest: Manifest,
        directory: Traversable,
        models_hash: str,
        *,
        deadline_s: float = inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        members = [name for name in MEMBERS if name in manifest.members]
        self.names = tuple(members)
        self.models_hash = models_hash
        self.fused_calibration: Mapping[str, FusedCalibration] = manifest.fused_calibration
        self._version = manifest.weights_version
        self._deadline_s = deadline_s
        self._clock = clock
        slow_s = deadline_s / len(MEMBERS)
        self._seats = tuple(
            Seat(name, directory, manifest.members[name], slow_s=slow_s, clock=clock)
            for name in members
        )

    @property
    def states(self) -> tuple[NetworkState, ...]:
        """How each network stands."""
        return tuple(seat.state for seat in self._seats)

    @property
    def scoring(self) -> str:
        """In words, for status and alerts."""
        states = self.states
        ready = ", ".join(state.name for state in states if state.is_ready)
        loading = ", ".join(s.name for s in states if not s.is_ready and not s.demoted)
        words = [f"{ready} (weights {self._version})"] if ready else []
        words += [f"{loading} being loaded"] if loading else []
        words += [f"{state.name} demoted: {state.demoted}" for state in states if state.demoted]
        return "; ".join(words if ready else [*words, "rules only"])

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong with the networks; empty: nothing."""
        return tuple(f"{state.name}: {state.demoted}" for state in self.states if state.demoted)

    def tend(self) -> None:
        """Load and try out each network that is due for it; never raises."""
        for seat in self._seats:
            seat.tend()

    def score(self, inputs: Mapping[str, FloatArray | None]) -> Mapping[str, Answer | None]:
        """Return each member's answer, None where it has none (see ``ensemble.member``)."""
        began_s = self._clock()
        answers: dict[str, Answer | None] = {}
        for seat in self._seats:
            values = inputs.get(seat.name)
            in_time = self._clock() - began_s <= self._deadline_s
            answers[seat.name] = seat.ask(values) if values is not None and in_time else None
        return answers


Models = InstalledModels | NoModels


def load_scorer(models_dir: Path | None, deadline_s: float = inf) -> Models:
    """Read what models there are: those of a directory, or with None of the package.

    A place without models is the clear state "no model installed". Raises ModelError if a
    configured directory does not exist, or if the manifest is missing or is not one. The networks
    are loaded by ``tend``, which demotes those that are missing, damaged, or not what the manifest
    says.
    """
    directory, manifest, models_hash = read_models(models_dir)
    if directory is None or manifest is None:
        return NoModels("no model installed")
    return InstalledModels(manifest, directory, models_hash, deadline_s=deadline_s)


def load_sound_scorer(models_dir: Path | None) -> Models:
    """Return the networks loaded and tried out, without a deadline: for work without a patient.

    Raises ModelError where any of them cannot be used: an analysis of a recording must not depend
    on which of them happened to work.
    """
    scorer = load_scorer(models_dir)
    scorer.tend()
    if scorer.troubles:
        raise ModelError("; ".join(scorer.troubles), REINSTALL)
    return scorer


def read_models(models_dir: Path | None) -> tuple[Traversable | None, Manifest | None, str]:
    """Return where the models are, their manifest and its hash; raises ModelError.

    Without models all is None.
    """
    if models_dir is not None and not models_dir.is_dir():
        raise ModelError(f"there is no directory {models_dir}", "Correct ensemble.models_dir")
    directory = _packaged_directory() if models_dir is None else models_dir
    if directory is None or not _has_models(directory):
        return None, None, ""
    where = directory.joinpath(MANIFEST_NAME)
    content = read_at_most(where, LARGEST_MANIFEST_BYTES, "manifest")
    manifest = parse_manifest(content, str(where))
    return directory, manifest, hashlib.sha256(content).hexdigest()


def _has_models(directory: Traversable) -> bool:
    """Tell whether anything of an installation is there: networks without a manifest are too."""
    try:
        names = [each.name for each in directory.iterdir()]
    except OSError as error:
        raise ModelError(
            f"{directory} cannot be read ({error.strerror})", "Make it readable"
        ) from error
    return MANIFEST_NAME in names or any(name.endswith(".tflite") for name in names)


def _packaged_directory() -> Traversable | None:
    try:
        return resources.files(MODELS_PACKAGE)
    except ModuleNotFoundError:
        return None
