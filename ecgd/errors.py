"""Errors that a person can act on: what happened, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


class EcgdError(Exception):
    """Base of every error that ecgd raises on purpose."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}. {remedy}".strip() if remedy else what)
        self.what = what
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One wrong key or value of a configuration file."""

    key_path: str
    line: int | None
    what: str

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        return f"{where}{self.key_path}: {self.what}"


class ConfigError(EcgdError):
    """Every problem of one configuration file, found in one pass."""

    def __init__(self, path: str, problems: tuple[ConfigProblem, ...]) -> None:
        self.path = path
        self.problems = problems
        listing = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"{path} has {len(problems)} problem(s):\n{listing}")


class SourceError(EcgdError):
    """A source cannot be opened or stopped giving data."""


class ProtocolError(EcgdError):
    """A packet cannot be built, or its content breaks the specification."""


class RecordingError(EcgdError):
    """A recording cannot be read or makes no sense."""


class CapsuleError(EcgdError):
    """A capsule, the record of one decision, cannot be written or read."""


class ModelError(EcgdError):
    """A model file, its manifest or its runtime is unusable."""


class StoreError(EcgdError):
    """The database cannot be opened, read or written."""


class DeliveryError(EcgdError):
    """A target is misconfigured: no attempt can succeed."""


class AlreadyRunningError(EcgdError):
    """Another daemon holds the state directory."""


class ControlError(EcgdError):
    """The running daemon cannot be reached or refused the request."""
