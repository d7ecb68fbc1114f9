"""Who is watched: the configuration's patients, and what people changed while the daemon runs.

The configuration file is one voice, the roster another; for every single value the later word
counts. An edit is kept with what the file said at that time: a file that says something else by
now was written later, so its value counts and the edit is over. A patient that the file names for
the first time is the file's from then on; one that it names no longer is not watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from ecgd.config.settings import PatientSettings
from ecgd.errors import ControlError
from ecgd.service.binding import Binding

Value = str | int | float | bool
Check = Callable[[PatientSettings, tuple[PatientSettings, ...]], str]
"""Tells what is wrong with a patient beside others that are watched; empty: nothing."""


class Origin(StrEnum):
    """Where a patient comes from."""

    CONFIGURED = "configuration"
    EDITED = "configuration, edited"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Edit:
    """One value that was changed, with what the configuration said then; ``key`` is dotted."""

    key: str
    value: Value
    configured: Value


@dataclass(frozen=True, slots=True)
class Entry:
    """What people said of one patient. ``added`` None: the patient is the configuration's."""

    patient_id: str
    added: PatientSettings | None = None
    edits: tuple[Edit, ...] = ()
    archived: bool = False
    reason: str = ""
    changed_unix_s: float = 0.0
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """Every patient that people said something of, oldest first, and whose which device is."""

    entries: tuple[Entry, ...] = ()
    bindings: Mapping[str, Binding] = field(default_factory=dict)

    def entry(self, patient_id: str) -> Entry:
        """Return what was said of a patient; an empty entry where nothing was."""
        found = (entry for entry in self.entries if entry.patient_id == patient_id)
        return next(found, Entry(patient_id))


@dataclass(frozen=True, slots=True)
class Member:
    """One patient as configuration and roster together have it."""

    settings: PatientSettings
    origin: Origin
    archived: bool
    entry: Entry


class UnknownPatientError(ControlError):
    """Nobody has this id."""


class UnfitChangeError(ControlError):
    """The patient is not in a state in which this can be done."""


def members(roster: Roster, configured: tuple[PatientSettings, ...]) -> tuple[Member, ...]:
    """Return everybody, the configuration's patients first."""
    own = (_member(patient, roster.entry(patient.id)) for patient in configured)
    added = (
        Member(entry.added, Origin.ADDED, entry.archived, entry)
        for entry in roster.entries
        if entry.added is not None
    )
    return (*own, *added)


def watched(roster: Roster, configured: tuple[PatientSettings, ...]) -> tuple[PatientSettings, ...]:
    """Return the settings of everybody who is not archived."""
    return tuple(m.settings for m in members(roster, configured) if not m.archived)


def find_member(roster: Roster, configured: tuple[PatientSettings, ...], patient_id: str) -> Member:
    """Return one patient. Raises UnknownPatientError."""
    everybody = members(roster, configured)
    for member in everybody:
        if member.settings.id == patient_id:
            return member
    known = ", ".join(member.settings.id for member in everybody) or "none"
    raise UnknownPatientError(f"no patient is called {patient_id!r:.60}", f"there are: {known}")


def added(roster: Roster, patient: PatientSettings, at_unix_s: float, by: str) -> Roster:
    """Return the roster with one patient more."""
    entry = Entry(patient.id, added=patient, changed_unix_s=at_unix_s, changed_by=by)
    return replace(roster, entries=(*roster.entries, entry))


def edited(
    roster: Roster, member: Member, settings: PatientSettings, at_unix_s: float, by: str
) -> Roster:
    """Return the roster in which a member has these settings."""
    changed = replace(member.entry, changed_unix_s=at_unix_s, changed_by=by)
    if member.entry.added is not None:
        return _with(roster, replace(changed, added=settings))
    was = {edit.key: edit.configured for edit in member.entry.edits}
    before, after = flat(member.settings), flat(settings)
    configured = {key: was.get(key, before[key]) for key in after}
    edits = (
        Edit(key, value, configured[key])
        for key, value in after.items()
        if value != configured[key]
    )
    return _with(roster, replace(changed, edits=tuple(edits)))


def archived(
    roster: Roster, member: Member, at_unix_s: float, by: str, *, is_archived: bool
) -> Roster:
    """Return the roster in which a member is archived, or is watched again.

    Raises UnfitChangeError where that is so already.
    """
    if member.archived is is_archived:
        state = "archived" if is_archived else "watched"
        raise UnfitChangeError(f"{member.settings.id} is {state} already")
    reason = f"archived by {by}" if is_archived else ""
    entry = replace(
        member.entry,
        archived=is_archived,
        reason=reason,
        changed_unix_s=at_unix_s,
        changed_by=by,
    )
    return _with(roster, entry)


def bound(roster: Roster, bindings: Mapping[str, Binding]) -> Roster:
    """Return the roster with these bindings."""
    return replace(roster, bindings=dict(bindings))


def rebased(
    roster: Roster, configured: tuple[PatientSettings, ...], check: Check
) -> tuple[Roster, tuple[str, ...]]:
    """Bring a roster of before together with the configuration of now; say what fell away.

    The configuration's patients are always watched unless a person archived them: an edit that
    does not go with them is over, and a patient that was added and finds no room is archived.
    """
    notes: list[str] = []
    ids = {patient.id: patient for patient in configured}
    kept = replace(roster, entries=tuple(_still_meant(roster.entries, ids, notes)))
    for member in members(kept, configured):
        others = tuple(p for p in watched(kept, configured) if p.id != member.settings.id)
        wrong = "" if member.archived else check(member.settings, _before(member, others, kept))
        if not wrong:
            continue
        if member.origin is Origin.ADDED:
            notes.append(f"{member.settings.id} is archived: {wrong}")
            kept = _with(kept, replace(member.entry, archived=True, reason=wrong))
        elif member.origin is Origin.EDITED:
            notes.append(f"edits of {member.settings.id} are over: {wrong}")
            kept = _with(kept, replace(member.entry, edits=()))
    return kept, tuple(notes)


def flat(settings: Any, prefix: str = "") -> dict[str, Value]:
    """Return every value by its dotted key, without the id."""
    values: dict[str, Value] = {}
    for member in fields(settings):
        value = getattr(settings, member.name)
        if is_dataclass(value):
            values |= flat(value, f"{prefix}{member.name}.")
        elif prefix or member.name != "id":
            values[f"{prefix}{member.name}"] = value
    return values


def nested(values: Mapping[str, Value]) -> dict[str, Any]:
    """Return dotted keys as nested tables."""
    tables: dict[str, Any] = {}
    for key, value in values.items():
        table, _, name = key.rpartition(".")
        (tables.setdefault(table, {}) if table else tables)[name] = value
    return tables


def _member(patient: PatientSettings, entry: Entry) -> Member:
    settings = patient
    for edit in entry.edits:
        settings = _with_value(settings, edit.key, edit.value)
    origin = Origin.EDITED if entry.edits else Origin.CONFIGURED
    return Member(settings, origin, entry.archived, entry)


def _with_value(settings: PatientSettings, key: str, value: Value) -> PatientSettings:
    table, _, name = key.rpartition(".")
    if not table:
        return replace(settings, **{name: value})  # type: ignore[arg-type]
    inner = replace(getattr(settings, table), **{name: value})
    return replace(settings, **{table: inner})


def _with(roster: Roster, entry: Entry) -> Roster:
    """Replace a patient's entry; one that says nothing is left out."""
    by_id = {known.patient_id: known for known in roster.entries} | {entry.patient_id: entry}
    said = (each for each in by_id.values() if each.added or each.edits or each.archived)
    return replace(roster, entries=tuple(said))


def _still_meant(
    entries: Iterable[Entry], configured: Mapping[str, PatientSettings], notes: list[str]
) -> Iterator[Entry]:
    """Yield what still counts beside a configuration that may have been changed meanwhile."""
    for entry in entries:
        patient = configured.get(entry.patient_id)
        if entry.added is not None and patient is not None:
            notes.append(f"{entry.patient_id} was added, and is the configuration's now")
        elif entry.added is not None:
            yield entry
        elif patient is None:
            notes.append(f"{entry.patient_id} is not in the configuration any more")
        else:
            yield replace(entry, edits=_later_edits(entry, flat(patient), notes))


def _later_edits(
    entry: Entry, configured: Mapping[str, Value], notes: list[str]
) -> tuple[Edit, ...]:
    kept = []
    for edit in entry.edits:
        now = configured.get(edit.key)
        if now == edit.configured and type(now) is type(edit.value):
            kept.append(edit)
        else:
            notes.append(f"{entry.patient_id}: {edit.key} is {now!r} by the configuration now")
    return tuple(kept)


def _before(
    member: Member, others: tuple[PatientSettings, ...], roster: Roster
) -> tuple[PatientSettings, ...]:
    """Return the patients that go first: for one that was added, all that were there before."""
    if member.origin is not Origin.ADDED:
        added_ids = {entry.patient_id for entry in roster.entries if entry.added is not None}
        return tuple(patient for patient in others if patient.id not in added_ids)
    order = [entry.patient_id for entry in roster.entries]
    place = order.index(member.settings.id)
    return tuple(p for p in others if p.id not in order[place:])
