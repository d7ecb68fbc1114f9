"""The manifest that comes with quantised models: what each file is and what it expects."""

from __future__ import annotations

import hashlib
from importlib.resources.abc import Traversable
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ecgd.ensemble.fusion import MEMBERS
from ecgd.errors import ModelError

MANIFEST_NAME: Final = "manifest.json"
_REINSTALL: Final = "Install the models again, or remove them to run on rules only"

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TensorSpec(_Part):
    """One int8 tensor: real value = (q - zero_point) * scale."""

    name: str
    shape: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(strict=False, min_length=1)]
    scale: Positive
    zero_point: Annotated[int, Field(ge=-128, le=127)]


class Calibration(_Part):
    """Platt calibration of the output: sigmoid(slope * logit(p) + intercept)."""

    slope: Positive
    intercept: Finite


class MemberSpec(_Part):
    """One network's file."""

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\.tflite$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    input: TensorSpec
    output: TensorSpec
    calibration: Calibration


class Manifest(_Part):
    """All networks of one training; they share label, sampling rate, leads and window."""

    version: Literal[1]
    weights_version: Annotated[str, Field(min_length=1)]
    label: Literal["significant anomaly"]
    fs_hz: Positive
    samples: Annotated[int, Field(gt=0)]
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
    normalisation: Literal["z-score"]
    members: Annotated[dict[str, MemberSpec], Field(min_length=1)]


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
            f"{where} is not a valid model manifest ({problems})", _REINSTALL
        ) from error
    unknown = set(manifest.members) - set(MEMBERS)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ModelError(
            f"{where} names members that the ensemble does not know: {names}", _REINSTALL
        )
    for name, member in manifest.members.items():
        _check_sizes(name, member, manifest, where)
    return manifest


def read_member(directory: Traversable, member: MemberSpec) -> bytes:
    """Return a model file's bytes; raises ModelError if it is missing or not the one meant."""
    path = directory.joinpath(member.file)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise ModelError(f"model file {path} cannot be read ({reason})", _REINSTALL) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != member.sha256:
        raise ModelError(
            f"model file {path} is damaged or of another version: its SHA-256 is {digest}, "
            f"the manifest says {member.sha256}",
            _REINSTALL,
        )
    return content


def _check_sizes(name: str, member: MemberSpec, manifest: Manifest, where: str) -> None:
    expected = manifest.samples * len(manifest.leads)
    if _size(member.input) != expected:
        raise ModelError(
            f"{where}: the input of {name} holds {_size(member.input)} values, a window "
            f"{expected} ({manifest.samples} samples of {len(manifest.leads)} leads)",
            _REINSTALL,
        )
    if _size(member.output) != 1:
        raise ModelError(f"{where}: the output of {name} is not one probability", _REINSTALL)


def _size(tensor: TensorSpec) -> int:
    size = 1
    for length in tensor.shape:
        size *= length
    return size
