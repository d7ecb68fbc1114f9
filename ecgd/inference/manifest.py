"""The manifest that comes with quantised models: what each file is and what it expects."""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from importlib.resources.abc import Traversable
from itertools import pairwise
from math import exp, prod
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ecgd.ensemble.fusion import MEMBERS, member_key
from ecgd.errors import ModelError
from ecgd.model.network_label import ANOMALY

MANIFEST_NAME: Final = "manifest.json"
"""The label that every member gives first, and that is fused."""

REINSTALL: Final = "Install the models again, or remove them to run on rules only"

LARGEST_MANIFEST_BYTES: Final = 1 << 24
LARGEST_MODEL_BYTES: Final = 1 << 26
"""Files beyond these are no manifest and no small network: they must not fill the memory."""

_LARGEST_GOLDEN_BYTES: Final = 1 << 22

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TensorSpec(_Part):
    """One tensor: real value = (q - zero_point) * scale; float32 has scale 1 and zero point 0."""

    name: str
    shape: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(strict=False, min_length=1)]
    dtype: Literal["int8", "int16", "float32"]
    scale: Positive
    zero_point: Annotated[int, Field(ge=-128, le=127)]

    @property
    def size(self) -> int:
        """Number of values."""
        return prod(self.shape)

    @property
    def numbers(self) -> np.dtype[Any]:
        """The type of the values, as they lie in a golden vector."""
        return np.dtype(self.dtype).newbyteorder("<")


class Platt(_Part):
    """Platt calibration of one label: sigmoid(slope * logit + intercept)."""

    slope: Positive
    intercept: Finite

    def probability(self, logit: float) -> float:
        """Return the calibrated probability of a logit."""
        log_odds = min(50.0, max(-50.0, self.slope * logit + self.intercept))
        return 1.0 / (1.0 + exp(-log_odds))


class Isotonic(_Part):
    """Isotonic calibration of one label: a table of logits and probabilities, linear between."""

    x: Annotated[tuple[Finite, ...], Field(strict=False, min_length=2)]
    y: Annotated[tuple[Share, ...], Field(strict=False, min_length=2)]

    @model_validator(mode="after")
    def _is_monotonous(self) -> Isotonic:
        rises = all(low < high for low, high in pairwise(self.x))
        if len(self.x) != len(self.y) or not rises or list(self.y) != sorted(self.y):
            raise ValueError("x must rise, y must not fall, and both must be of one length")
        return self

    def probability(self, logit: float) -> float:
        """Return the calibrated probability of a logit; outside the table that of its end."""
        return float(np.interp(logit, self.x, self.y))


class GoldenVector(_Part):
    """An input of the network and what it answers, both as they lie in the tensors.

    ``input`` is base64 of zlib of the values, in C order, little endian. ``tolerance`` is in steps
    of the output: another processor may round otherwise.
    """

    input: str
    output: Annotated[tuple[Finite, ...], Field(strict=False, min_length=1)]
    tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    def values(self, tensor: TensorSpec) -> NDArray[Any]:
        """Return the input in the tensor's shape; raises ValueError if it is none."""
        unpack = zlib.decompressobj()
        try:
            content = unpack.decompress(
                base64.b64decode(self.input, validate=True), _LARGEST_GOLDEN_BYTES
            )
        except (binascii.Error, zlib.error) as error:
            raise ValueError(f"is no compressed input ({error})") from error
        numbers = tensor.numbers
        if not unpack.eof or len(content) != tensor.size * numbers.itemsize:
            raise ValueError(f"holds {len(content)} bytes, not {tensor.size * numbers.itemsize}")
        return np.frombuffer(content, numbers).reshape(tensor.shape)


class MemberSpec(_Part):
    """One network's file, what goes in and what comes out: a logit for each label."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\.tflite$")]
    sha256: Digest
    size_bytes: Annotated[int, Field(gt=0, le=LARGEST_MODEL_BYTES)]
    quantisation: Literal["int8", "16x8", "dynamic"]
    input: TensorSpec
    output: TensorSpec
    labels: Annotated[tuple[Words, ...], Field(strict=False, min_length=1)]
    calibration: Annotated[tuple[Platt | Isotonic, ...], Field(strict=False, min_length=1)]
    golden: Annotated[tuple[GoldenVector, ...], Field(strict=False, min_length=1)]
    metrics: dict[str, Any] = {}

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> MemberSpec:
        labels = len(self.labels)
        if self.labels[0] != ANOMALY:
            raise ValueError(f"the first label is {self.labels[0]!r}, not {ANOMALY!r}")
        if self.output.size != labels:
            raise ValueError(f"the output holds {self.output.size} values for {labels} labels")
        if len(self.calibration) != labels:
            raise ValueError(f"{len(self.calibration)} calibrations for {labels} labels")
        for number, golden in enumerate(self.golden):
            try:
                golden.values(self.input)
            except ValueError as error:
                raise ValueError(f"golden input {number} {error}") from error
            if len(golden.output) != labels:
                raise ValueError(f"golden output {number} holds {len(golden.output)} values")
        return self


class Manifest(_Part):
    """All networks of one training; they share label, sampling rate and leads.

    ``fused_calibration`` is of the weighted mean of the members that its key names, for the
    weights that the networks were trained with.
    """

    version: Literal[2]
    weights_version: Words
    label: Literal["significant anomaly"]
    code_version: Words
    data_fingerprint: Digest
    seed: int
    prevalence: Share
    fs_hz: Positive
    leads: Annotated[
        tuple[
            Literal["I"],
            Literal["II"],
            Literal["III"],
            Literal["aVL"],
            Literal["aVF"],
            Literal["aVR"],
        ],
        Field(strict=False),
    ]
    members: Annotated[dict[str, MemberSpec], Field(min_length=1)]
    fused_calibration: dict[str, Platt] = {}


def parse_manifest(content: bytes, where: str) -> Manifest:
    """Return the manifest; raises ModelError that names every wrong key."""
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in each['loc']) or 'file'}: {each['msg']}"
            for each in error.errors()
        )
        raise ModelError(
            f"{where} is not a valid model manifest ({problems})", REINSTALL
        ) from error
    unknown = set(manifest.members) - set(MEMBERS)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ModelError(
            f"{where} names members that the ensemble does not know: {names}", REINSTALL
        )
    strange = [key for key in manifest.fused_calibration if key != member_key(key.split("+"))]
    if strange:
        raise ModelError(
            f"{where}: fused_calibration knows no members {', '.join(strange)}", REINSTALL
        )
    return manifest


def read_member(directory: Traversable, member: MemberSpec) -> bytes:
    """Return a model file's bytes; raises ModelError if it is missing or not the one meant."""
    path = directory.joinpath(member.file)
    content = read_at_most(path, LARGEST_MODEL_BYTES, "model file")
    digest = hashlib.sha256(content).hexdigest()
    if digest != member.sha256:
        raise ModelError(
            f"model file {path} is damaged or of another version: its SHA-256 is {digest}, "
            f"the manifest says {member.sha256}",
            REINSTALL,
        )
    return content


def read_at_most(path: Traversable, limit_bytes: int, what: str) -> bytes:
    """Return a file's bytes; raises ModelError for what is no file, unreadable, or larger.

    A pipe would never end, and is not opened.
    """
    try:
        if not path.is_file():
            is_there = path.is_dir() or (isinstance(path, Path) and path.exists())
            reason = "it is no ordinary file" if is_there else "there is no such file"
            raise ModelError(f"{what} {path} cannot be read ({reason})", REINSTALL)
        with path.open("rb") as file:
            content: bytes = file.read(limit_bytes + 1)
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise ModelError(f"{what} {path} cannot be read ({reason})", REINSTALL) from error
    if len(content) > limit_bytes:
        raise ModelError(
            f"{what} {path} is damaged or of another version: it is larger than "
            f"{limit_bytes} bytes",
            REINSTALL,
        )
    return content
