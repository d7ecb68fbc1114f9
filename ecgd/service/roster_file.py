"""The roster on the disk: whole or not at all, and what is damaged is put aside and said."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from ecgd.config.settings import PatientSettings, Settings
from ecgd.errors import ConfigError, EcgdError
from ecgd.service.binding import Binding
from ecgd.service.durable_file import write_durably
from ecgd.service.roster import Edit, Entry, Roster
from ecgd.service.settings import parse_patient

FILE_NAME: Final = "patients.json"
VERSION: Final = 1
MODE: Final = 0o640
SIZE_MAX_BYTES: Final = 1_000_000
"""Seven patients take some thousand bytes, and archived ones little more: this is no roster."""

_BINDINGS: Final = TypeAdapter(dict[str, Binding])
_EDITS: Final = TypeAdapter(tuple[Edit, ...])


class RosterFileError(EcgdError):
    """The roster cannot be written."""


class _UnusableError(Exception):
    """Why a file is no roster of this program; ``kind`` goes into the name of what is put aside."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Loaded:
    """A roster as it was read, and in words what was wrong with the file; empty: nothing."""

    roster: Roster
    problem: str = ""


def load_roster(path: Path, settings: Settings) -> Loaded:
    """Read the roster; a file that is damaged, or in part, is put aside and the rest used."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= SIZE_MAX_BYTES else b""
        content = _content(raw)
        entries, wrong = _entries(content, settings)
        bindings = _BINDINGS.validate_json(json.dumps(content["bindings"]))
    except FileNotFoundError:
        return Loaded(Roster())
    except OSError as error:
        return Loaded(Roster(), f"{path} cannot be read ({error.strerror}), nothing of it is used")
    except _UnusableError as error:
        return Loaded(Roster(), f"{path} is {error}; {_put_aside(path, error.kind)}")
    except (ValidationError, KeyError, TypeError, AttributeError, ValueError):
        why = "does not hold what a list of patients holds"
        return Loaded(Roster(), f"{path} {why}; {_put_aside(path, 'damaged')}")
    roster = Roster(entries, {known: each for known, each in bindings.items() if _is_usable(each)})
    if not wrong:
        return Loaded(roster)
    return Loaded(roster, f"{path}: {'; '.join(wrong)}; {_put_aside(path, 'damaged')}")


def save_roster(path: Path, roster: Roster) -> None:
    """Write the roster durably; it blocks on the disk. Raises RosterFileError.

    A crash at any moment leaves the old file or the new one, whole.
    """
    content = {
        "patients": [_entry_record(entry) for entry in roster.entries],
        "bindings": {known: asdict(binding) for known, binding in roster.bindings.items()},
    }
    record = {"version": VERSION, "crc32": _checksum(content), "roster": content}
    try:
        write_durably(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n", MODE)
    except OSError as error:
        raise RosterFileError(
            f"cannot write {path}: {error.strerror or error}",
            "Nothing was changed. Check free space and the disk of the gateway",
        ) from error


def _content(raw: bytes) -> dict[str, Any]:
    try:
        record = json.loads(raw)
        version, checksum, content = record["version"], record["crc32"], record["roster"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _UnusableError("damaged", "damaged") from error
    if version != VERSION:
        why = f"of version {version!r:.20}, this program reads {VERSION}"
        raise _UnusableError("other-version", why)
    if not isinstance(content, dict) or checksum != _checksum(content):
        raise _UnusableError("damaged", "damaged: its checksum is wrong")
    return content


def _checksum(content: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())


def _entry_record(entry: Entry) -> dict[str, Any]:
    record = asdict(entry)
    record["id"] = record.pop("patient_id")
    return record


def _entries(
    content: Mapping[str, Any], settings: Settings
) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """Return the entries that are right, and what is wrong with the others."""
    entries: dict[str, Entry] = {}
    wrong: list[str] = []
    for record in content["patients"]:
        try:
            entry = _entry(record, settings)
        except ConfigError as error:
            problems = "; ".join(str(problem) for problem in error.problems)
            wrong.append(f"patient {record.get('id')!r:.40} is not right ({problems})")
            continue
        entries[entry.patient_id] = entry
    return tuple(entries.values()), tuple(wrong)


def _entry(record: Mapping[str, Any], settings: Settings) -> Entry:
    added: PatientSettings | None = None
    if record["added"] is not None:
        added = parse_patient(record["added"], settings, ())
    return Entry(
        patient_id=str(record["id"]),
        added=added,
        edits=_EDITS.validate_json(json.dumps(record["edits"])),
        archived=bool(record["archived"]),
        reason=str(record["reason"]),
        changed_unix_s=float(record["changed_unix_s"]),
        changed_by=str(record["changed_by"]),
    )


def _is_usable(binding: Binding) -> bool:
    return binding.device.fs_hz > 0 and binding.device.counts_per_mv > 0


def _put_aside(path: Path, kind: str) -> str:
    """Rename a file that is not used; return in words where it is."""
    aside = path.with_name(f"{path.name}.{kind}-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        path.rename(aside)
    except OSError as error:
        return f"it could not be put aside ({error.strerror})"
    return f"it was put aside as {aside.name}"
