"""Patients and devices as people change them at run time: checked, kept, done, in this order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from ecgd.config.settings import PatientSettings, Settings
from ecgd.errors import ConfigError, EcgdError
from ecgd.model.alarm import AlarmState
from ecgd.model.baseline import Baseline
from ecgd.model.finding import Domain
from ecgd.service import roster as rosters
from ecgd.service.device_ownership import Ownership
from ecgd.service.logs import log_event
from ecgd.service.parts import Parts
from ecgd.service.paths import resolve_patient
from ecgd.service.restart import load_baseline
from ecgd.service.roster import Member, UnfitChangeError, UnknownPatientError
from ecgd.service.roster_file import RosterFileError
from ecgd.service.roster_keeper import RosterKeeper
from ecgd.service.session import PatientSession
from ecgd.service.settings import parse_patient
from ecgd.service.ward import Ward
from ecgd.web.patient_gateway import DeviceEntry, Done, PatientEntry, PatientRefusedError

_log = logging.getLogger(__name__)

BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404
CONFLICT: Final = 409


class WardDesk:
    """Implements ``ecgd.web.patient_gateway.PatientDesk``.

    Changes are made one after the other. Each is checked as the configuration file is, written to
    the disk, and only then in force; a client that goes away does not stop it half-way.
    """

    def __init__(
        self, parts: Parts, ward: Ward, keeper: RosterKeeper, configured: Settings
    ) -> None:
        self._parts = parts
        self._ward = ward
        self._keeper = keeper
        self._settings = configured
        self._turn = asyncio.Lock()
        self._under_way: set[asyncio.Task[Done]] = set()

    def list_patients(self) -> tuple[PatientEntry, ...]:
        """Return everybody, the configuration's patients first."""
        return tuple(self._entry(member) for member in self._members())

    def list_devices(self) -> tuple[DeviceEntry, ...]:
        """Return every device on a line, and every patient's own."""
        return self._ownership().entries(time.monotonic())

    async def add(self, table: Mapping[str, Any], by: str) -> Done:
        """Watch one patient more."""
        return await self._in_turn(self._add(table, by))

    async def edit(self, patient_id: str, changes: Mapping[str, Any], by: str) -> Done:
        """Change some values; another source or device interrupts this patient's link alone."""
        return await self._in_turn(self._edit(patient_id, changes, by))

    async def archive(self, patient_id: str, by: str, *, force: bool) -> Done:
        """Stop watching; alarms that stand are over, for nobody looks at this heart any more."""
        return await self._in_turn(self._archive(patient_id, by, force))

    async def restore(self, patient_id: str, by: str) -> Done:
        """Watch an archived patient again, with all alarms at rest."""
        return await self._in_turn(self._restore(patient_id, by))

    async def accept(self, patient_id: str, device_id: str, by: str) -> Done:
        """Make a device the patient's, as it describes itself now."""
        return await self._in_turn(self._accept(patient_id, device_id, by))

    async def forget(self, patient_id: str, by: str) -> Done:
        """Let the next device that comes be the patient's."""
        return await self._in_turn(self._forget(patient_id, by))

    def settings_of(self, patient_id: str) -> PatientSettings:
        """Return the settings of a patient who is watched. Raises PatientRefusedError."""
        with _refusals():
            member = self._member(patient_id)
            if member.archived:
                remedy = f"ecgctl patients restore {patient_id} watches it again"
                raise UnfitChangeError(f"{patient_id} is archived", remedy)
        return member.settings

    def check_edit(self, patient_id: str, changes: Mapping[str, Any]) -> None:
        """Raise what ``edit`` would raise now."""
        with _refusals():
            self._changed(self._member(patient_id), changes)

    def is_bound(self, patient_id: str) -> bool:
        """Tell whether a patient has a device that no setting names."""
        settings = self._member(patient_id).settings
        return not settings.device_id and self._ward.registry.bond(settings).binding is not None

    async def _in_turn(self, work: Coroutine[Any, Any, Done]) -> Done:
        async def wait_and_work() -> Done:
            async with self._turn:
                return await work

        task = asyncio.create_task(wait_and_work())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        with _refusals():
            return await asyncio.shield(task)

    async def _add(self, table: Mapping[str, Any], by: str) -> Done:
        for member in self._members():
            if member.settings.id == table.get("id"):
                raise _already_there(member)
        patient = self._parsed(table)
        await self._keeper.keep(rosters.added(self._keeper.roster, patient, time.time(), by))
        self._take_in(patient)
        return self._done(patient.id, "patient_added", f"added by {by}", by)

    async def _edit(self, patient_id: str, changes: Mapping[str, Any], by: str) -> Done:
        member = self._member(patient_id)
        before, patient = member.settings, self._changed(member, changes)
        roster = rosters.edited(self._keeper.roster, member, patient, time.time(), by)
        await self._keeper.keep(roster)
        self._ward.registry.bond(patient)
        if not member.archived:
            relink = (before.source, before.device) != (patient.source, patient.device)
            await self._ward.renew(patient, relink=relink)
        self._keeper.want_bindings_kept()
        values = rosters.flat(before)
        keys = [key for key, value in rosters.flat(patient).items() if value != values[key]]
        what = f"{', '.join(keys) or 'nothing'} changed by {by}"
        return self._done(patient_id, "patient_edited", what, by)

    async def _archive(self, patient_id: str, by: str, force: bool) -> Done:
        member = self._member(patient_id)
        roster = rosters.archived(self._keeper.roster, member, time.time(), by, is_archived=True)
        if not force:
            _refuse_unanswered(self._parts.sessions[patient_id])
        await self._keeper.keep(roster)
        parts, session = self._parts, await self._ward.discharge(patient_id)
        changes = session.alarms.close_all(by, time.monotonic())
        parts.fan_out.spread(session.subject, session.assessment, changes)
        parts.fan_out.keep_book(session.subject)
        parts.store.archive_user(patient_id, True)
        parts.sound()
        return self._done(patient_id, "patient_archived", f"archived by {by}", by)

    async def _restore(self, patient_id: str, by: str) -> Done:
        member = self._member(patient_id)
        roster = rosters.archived(self._keeper.roster, member, time.time(), by, is_archived=False)
        patient = self._changed(member, {})
        await self._keeper.keep(roster)
        database = self._parts.places.database_path
        self._take_in(patient, await asyncio.to_thread(load_baseline, database, patient_id))
        return self._done(patient_id, "patient_restored", f"watched again, by {by}", by)

    async def _accept(self, patient_id: str, device_id: str, by: str) -> Done:
        member, ownership = self._member(patient_id), self._ownership()
        device = ownership.find(member.settings, device_id)
        ownership.refuse_configured(member.settings, device_id)
        patient = member.settings
        if patient.device_id not in ("", device_id):
            patient = self._changed(member, {"device_id": device_id})
            roster = self._keeper.roster
            await self._keeper.keep(rosters.edited(roster, member, patient, time.time(), by))
            if not member.archived:
                await self._ward.renew(patient, relink=False)
        notes = ownership.hand_over(patient, device, by)
        await self._keep_devices(f"device {device_id} is accepted")
        what = f"device {device_id} accepted by {by}"
        return self._done(patient_id, "device_accepted", what, by, notes)

    async def _forget(self, patient_id: str, by: str) -> Done:
        self._ownership().forget(self._member(patient_id).settings)
        await self._keep_devices("the device is forgotten")
        return self._done(patient_id, "device_forgotten", f"device forgotten by {by}", by)

    async def _keep_devices(self, what: str) -> None:
        """Write whose which device is; what a disk refuses is in force all the same."""
        try:
            await self._keeper.keep(rosters.bound(self._keeper.roster, self._ward.bindings()))
        except RosterFileError as error:
            self._keeper.want_bindings_kept()
            raise EcgdError(
                f"{what} for now, but {error.what}",
                "It is written as soon as the disk allows; a restart before forgets it",
            ) from error

    def _take_in(self, patient: PatientSettings, usual: Baseline | None = None) -> None:
        self._ward.admit(patient, usual)
        self._parts.store.archive_user(patient.id, False)
        self._parts.fan_out.keep_book(self._parts.sessions[patient.id].subject)
        self._parts.sound()

    def _members(self) -> tuple[Member, ...]:
        return rosters.members(self._keeper.roster, self._settings.patients)

    def _member(self, patient_id: str) -> Member:
        return rosters.find_member(self._keeper.roster, self._settings.patients, patient_id)

    def _ownership(self) -> Ownership:
        return Ownership(self._ward.registry, self._parts.sessions)

    def _changed(self, member: Member, changes: Mapping[str, Any]) -> PatientSettings:
        """Return a member's settings with changes, checked beside all others who are watched."""
        if "id" in changes:
            raise UnfitChangeError("an id cannot be changed", "all data are kept under it")
        table: dict[str, Any] = rosters.nested(rosters.flat(member.settings))
        for key, value in changes.items():
            inner = isinstance(value, Mapping) and isinstance(table.get(key), dict)
            table[key] = {**table[key], **value} if inner else value
        return self._parsed(table | {"id": member.settings.id})

    def _parsed(self, table: Mapping[str, Any]) -> PatientSettings:
        watched = rosters.watched(self._keeper.roster, self._settings.patients)
        others = tuple(patient for patient in watched if patient.id != table.get("id"))
        patient = resolve_patient(
            parse_patient(table, self._settings, others), self._parts.places.state_dir
        )
        # Once more: a relative path may lead to a line that is somebody's already.
        table = rosters.nested(rosters.flat(patient)) | {"id": patient.id}
        return parse_patient(table, self._settings, others)

    def _entry(self, member: Member) -> PatientEntry:
        session = self._parts.sessions.get(member.settings.id)
        state, age_s = session.link(time.monotonic()) if session else (None, None)
        changed_s = member.entry.changed_unix_s
        return PatientEntry(
            settings=member.settings,
            origin=member.origin.value,
            archived=member.archived,
            reason=member.entry.reason,
            link_state=state.value if state else None,
            link_age_s=age_s,
            changed_age_s=max(0.0, time.time() - changed_s) if changed_s else None,
            changed_by=member.entry.changed_by,
        )

    def _done(
        self, patient_id: str, event: str, what: str, by: str, notes: tuple[str, ...] = ()
    ) -> Done:
        """Tell a change to log and database, and return it."""
        entry = self._entry(self._member(patient_id))
        message = f"{entry.settings.name or patient_id}: {what}"
        log_event(_log, event, message, patient=patient_id, by=by)
        facts = {"by": by, "source": entry.settings.source}
        self._parts.store.store_health_event(patient_id, event, message, facts)
        return Done(entry, notes)


def _already_there(member: Member) -> UnfitChangeError:
    patient_id = member.settings.id
    if member.archived:
        return UnfitChangeError(
            f"{patient_id!r} is archived", f"ecgctl patients restore {patient_id} watches it again"
        )
    return UnfitChangeError(
        f"{patient_id!r} is already a patient",
        f"ecgctl patients edit {patient_id} changes it; another person needs another id",
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what a change may raise into what the control socket answers."""
    try:
        yield
    except UnknownPatientError as error:
        raise PatientRefusedError(NOT_FOUND, error.what, error.remedy) from error
    except UnfitChangeError as error:
        raise PatientRefusedError(CONFLICT, error.what, error.remedy) from error
    except ConfigError as error:
        what = "; ".join(f"{each.key_path}: {each.what}" for each in error.problems)
        remedy = "nothing was changed; docs/configuration.md describes every value"
        raise PatientRefusedError(BAD_REQUEST, what, remedy) from error


def _refuse_unanswered(session: PatientSession) -> None:
    for alarm in session.alarms.book.alarms:
        unanswered = alarm.state in (AlarmState.ACTIVE, AlarmState.LATCHED)
        if alarm.domain is Domain.HEART and unanswered:
            raise UnfitChangeError(
                f"{alarm.event_type.value} of {session.name} has been acknowledged by nobody",
                f"look after the patient, then ecgctl alerts ack --patient {session.patient.id}; "
                "--force archives all the same",
            )
