"""Who is watched at this moment: a session, a slot and a link each, made and ended at any time."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Iterable
from dataclasses import replace

from ecgd.config.settings import PatientSettings
from ecgd.model.baseline import Baseline
from ecgd.pipeline.history import History
from ecgd.service.binding import RECORDED_SCHEMES, Binding, Registry
from ecgd.service.identity import hash_settings, new_alert_id
from ecgd.service.logs import log_event
from ecgd.service.parts import Parts
from ecgd.service.patient_link import PatientLink
from ecgd.service.roster import members
from ecgd.service.roster_keeper import RosterKeeper
from ecgd.service.session import PatientSession

_log = logging.getLogger(__name__)


class Ward:
    """Takes patients in and lets them go; nobody else's watch is touched by it."""

    def __init__(self, parts: Parts, keeper: RosterKeeper) -> None:
        self._parts = parts
        self._keeper = keeper
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._usual: dict[str, Baseline | None] = {}
        self.registry = Registry()
        for member in members(keeper.roster, parts.settings.patients):
            patient = member.settings
            self.registry.bond(patient, keeper.roster.bindings.get(patient.id))

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Start the links of all who are here; those who come later are started at once."""
        self._group = group
        for patient_id in self._parts.links:
            self._start(patient_id)

    def end(self) -> None:
        """Stop every link."""
        for task in self._tasks.values():
            task.cancel()

    def admit_all(self, patients: Iterable[PatientSettings]) -> None:
        """Take in everybody at the start, with their turns evenly spread over the hop."""
        everybody = tuple(patients)
        hop_s = self._parts.settings.analysis.hop_s
        for number, patient in enumerate(everybody):
            self._admit(patient, hop_s * number / len(everybody))

    def admit(self, patient: PatientSettings, usual: Baseline | None = None) -> None:
        """Take one more in: the turn lies in the middle of the largest gap between the others'.

        ``usual`` is what was usual for a patient who was here before.
        """
        phases_s = [session.phase_s for session in self._parts.sessions.values()]
        self._admit(patient, free_phase_s(phases_s, self._parts.settings.analysis.hop_s), usual)

    async def discharge(self, patient_id: str) -> PatientSession:
        """Stop watching a patient, and return the session as it was left."""
        parts = self._parts
        await self._stop(patient_id)
        self._usual[patient_id] = parts.worker.baseline(patient_id)
        session = parts.sessions.pop(patient_id)
        session.bond.seen = None
        parts.worker.remove_patient(patient_id)
        parts.store.interrupt_st_episodes(patient_id)
        parts.coverage.ledger.forget(patient_id)
        if parts.capsules is not None:
            parts.capsules.forget(patient_id)
        self._note_settings()
        return session

    async def renew(self, patient: PatientSettings, *, relink: bool) -> None:
        """Take new settings of a patient; with ``relink`` the link begins anew."""
        parts = self._parts
        session = parts.sessions[patient.id]
        if relink:
            await self._stop(patient.id)
        session.renew(patient, simulated=self._is_simulated(patient))
        self._make_known(patient)
        if relink:
            session.relink(time.monotonic())
            parts.worker.restart_patient(patient.id)
            parts.store.interrupt_st_episodes(patient.id)
            self._link(session)

    def met(self, session: PatientSession) -> None:
        """Say what a device that has described itself is to the patient: never in silence."""
        bond, patient_id = session.bond, session.patient.id
        known = self._keeper.roster.bindings.get(patient_id)
        if bond.is_foreign:
            self._tell(session, "device_foreign", bond.foreign_words(), logging.WARNING)
        elif bond.changes:
            self._tell(session, "device_changed", bond.change_words(), logging.WARNING)
        elif bond.binding is not None and (
            known is None or known.device.device_id != bond.binding.device.device_id
        ):
            device_id = bond.binding.device.device_id
            words = f"device {device_id} is the first that came: from now on it is the patient's"
            self._tell(session, "device_bound", (words,), logging.INFO)
        self._keeper.want_bindings_kept()

    async def keep_bindings(self) -> None:
        """Keep whose which device is, until cancelled."""
        await self._keeper.run(self.bindings)

    def _tell(
        self, session: PatientSession, event: str, words: tuple[str, ...], level: int
    ) -> None:
        patient_id, message = session.patient.id, f"{session.name}: {'; '.join(words)}"
        device_id = session.bond.seen.device_id if session.bond.seen else ""
        log_event(_log, event, message, level=level, patient=patient_id, device=device_id)
        self._parts.store.store_health_event(patient_id, event, message, {"device": device_id})

    def bindings(self) -> dict[str, Binding]:
        """Return whose which device is, with when each was last heard of."""
        now_s, unix_s = time.monotonic(), time.time()
        found = {}
        for patient_id, bond in self.registry.bonds.items():
            if bond.binding is None:
                continue
            session = self._parts.sessions.get(patient_id)
            age_s = session.samples_age_s(now_s) if session and not bond.is_foreign else None
            seen_s = bond.binding.seen_unix_s if age_s is None else unix_s - age_s
            found[patient_id] = replace(bond.binding, seen_unix_s=seen_s)
        return found

    def _admit(
        self, patient: PatientSettings, phase_s: float, usual: Baseline | None = None
    ) -> None:
        parts = self._parts
        session = PatientSession(
            patient,
            parts.settings,
            phase_s=phase_s,
            new_alert_id=new_alert_id,
            now_s=time.monotonic(),
            simulated=self._is_simulated(patient),
            bond=self.registry.bond(patient),
            marks=parts.marks,
        )
        parts.sessions[patient.id] = session
        usual = self._usual.pop(patient.id, None) or usual
        parts.worker.add_patient(patient.id, History(baseline=usual))
        if parts.capsules is not None:
            parts.capsules.attach(session)
        self._make_known(patient)
        parts.store.interrupt_st_episodes(patient.id)
        self._link(session)

    def _is_simulated(self, patient: PatientSettings) -> bool:
        return self._parts.settings.daemon.simulated or patient.source.startswith(RECORDED_SCHEMES)

    def _make_known(self, patient: PatientSettings) -> None:
        name, sex, birth_year = patient.name, patient.sex, patient.birth_year
        self._parts.store.ensure_user(patient.id, name, sex, birth_year)
        self._note_settings()

    def _note_settings(self) -> None:
        """Keep the fingerprint true: it is of the settings that are in force."""
        parts = self._parts
        watched = tuple(session.patient for session in parts.sessions.values())
        parts.settings = replace(parts.settings, patients=watched)
        config_hash = hash_settings(parts.settings)
        parts.circumstances = replace(parts.circumstances, config_hash=config_hash)
        parts.fan_out.circumstances = parts.circumstances

    def _link(self, session: PatientSession) -> None:
        parts = self._parts
        patient_id = session.patient.id
        parts.links[patient_id] = PatientLink(
            session,
            parts.store,
            parts.worker.submit,
            random.Random(),
            parts.live,
            met=parts.met,
            radio=parts.radio,
            heard=None if parts.capsules is None else parts.capsules.came,
        )
        if self._group is not None:
            self._start(patient_id)

    def _start(self, patient_id: str) -> None:
        assert self._group is not None
        work = self._parts.links[patient_id].run()
        self._tasks[patient_id] = self._group.create_task(work, name=f"link of {patient_id}")

    async def _stop(self, patient_id: str) -> None:
        """End a link: its port is closed, and its recording finished, when this returns."""
        parts = self._parts
        task = self._tasks.pop(patient_id, None)
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))
        parts.links.pop(patient_id, None)
        parts.store.close_recording(patient_id, "stopped")


def free_phase_s(phases_s: Iterable[float], hop_s: float) -> float:
    """Return the middle of the largest gap on the circle of one hop; the others stay as they are.

    >>> free_phase_s([0.0, 0.25, 0.5], 1.0)
    0.75
    """
    taken = sorted(phases_s)
    if not taken:
        return 0.0
    after = [*taken[1:], taken[0] + hop_s]
    gap_s, begin_s = max((end - begin, -begin) for begin, end in zip(taken, after, strict=True))
    return (gap_s / 2 - begin_s) % hop_s
