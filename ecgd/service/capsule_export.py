"""What goes into the file of a capsule, and out of it again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from ecgd.service.capsule import Capsule, read_capsule
from ecgd.service.capsule_file import (
    ALERTS,
    IDENTITY,
    STREAM,
    SUMMARY,
    TEXT,
    CapsuleFile,
    pack,
    unpack,
)
from ecgd.service.capsule_lines import SOMEBODY
from ecgd.service.capsule_page import summary_html, summary_text
from ecgd.service.capsule_sight import look_at
from ecgd.store.entries import StoredAlert

_IDENTITY: Final = ("patient_id", "patient_name", "location")
_CONFIRMED: Final = (
    (re.compile(r"(beyond the level that ).*?( confirmed as chronic)"), rf"\1{SOMEBODY}\2"),
    (re.compile(r"(confirmed as chronic by ).*?(, until )"), rf"\1{SOMEBODY}\2"),
)

_ZIP: Final = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Opened:
    """A capsule that was read; ``file`` None: it came without one, straight from a database."""

    capsule: Capsule
    alerts: tuple[Mapping[str, Any], ...]
    file: CapsuleFile | None


def open_capsule(data: bytes) -> Opened:
    """Read an exported file, or the bare stream of a capsule. Raises CapsuleError."""
    if data[: len(_ZIP)] != _ZIP[: len(data)]:
        return Opened(read_capsule(data), (), None)
    file = unpack(data)
    alerts = tuple(json.loads(file.members.get(ALERTS, b"[]")))
    return Opened(read_capsule(file.members[STREAM]), alerts, file)


def export(
    data: bytes,
    alerts: tuple[StoredAlert, ...],
    secret: bytes,
    *,
    identity: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the file of a capsule; ``identity`` None: it says of nobody who it is.

    Raises CapsuleError where nothing of the capsule can be read.
    """
    capsule = read_capsule(data)
    told = tuple(nameless_alert(each) for each in alerts)
    sight = look_at(capsule)
    members = {
        STREAM: data,
        ALERTS: _json(told),
        TEXT: summary_text(capsule, sight, told).encode(),
        SUMMARY: summary_html(capsule, sight, told).encode(),
    }
    if identity is not None:
        members[IDENTITY] = _json(identity)
    about = {
        "capsule_id": capsule.capsule_id,
        "complete": not capsule.problem,
        "with_identity": identity is not None,
        "build": dict(capsule.build),
    }
    return pack(members, about, secret)


def nameless_alert(stored: StoredAlert) -> dict[str, Any]:
    """Return an alert without who it is about, where, and who answered or confirmed."""
    facts = {name: value for name, value in asdict(stored.alert).items() if name not in _IDENTITY}
    facts["severity"] = stored.alert.severity.name
    facts["acknowledged_unix_s"] = stored.acknowledged_unix_s
    nameless: dict[str, Any] = _without_names(facts)
    return nameless


def identity_of(stored: StoredAlert) -> dict[str, Any]:
    """Return what ``--with-identity`` adds."""
    alert = stored.alert
    facts: dict[str, Any] = {name: getattr(alert, name) for name in _IDENTITY}
    return facts | {"acknowledged_by": stored.acknowledged_by}


def _without_names(value: Any) -> Any:
    if isinstance(value, str):
        for pattern, nameless in _CONFIRMED:
            value = pattern.sub(nameless, value)
        return value
    if isinstance(value, dict):
        return {name: _without_names(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_names(each) for each in value]
    return value


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()
