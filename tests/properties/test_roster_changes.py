"""Adding, editing, archiving, restarts and edits of the file in any order, against a model."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.errors import ConfigError
from ecgd.service import roster as rosters
from ecgd.service.roster import Origin, Roster
from ecgd.service.roster_file import FILE_NAME, load_roster, save_roster
from ecgd.service.roster_keeper import find_wrong
from ecgd.service.settings import parse_patient
from ecgd.service.settings_rules import MAX_PATIENTS

IDS = tuple(f"p{number}" for number in range(9))
LINES = tuple(f"serial:///dev/rfcomm{number}" for number in range(5))
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(("", "Anna", "Bert")),
        "source": st.sampled_from((*LINES, "synthetic:", "synthetic:?rate=90")),
        "birth_year": st.sampled_from((0, 1950)),
        "device": st.builds(DeviceSettings, highpass_hz=st.sampled_from((-1.0, 0.05))),
    },
)


class RosterMachine(RuleBasedStateMachine):
    """``model`` holds the settings of everybody, ``gone`` the ids that are archived."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / FILE_NAME
        self.roster = Roster()
        self.configured: tuple[PatientSettings, ...] = ()
        self.model: dict[str, PatientSettings] = {}
        self.gone: set[str] = set()
        self.now_s = 0.0

    def teardown(self) -> None:
        self.folder.cleanup()

    def settings(self) -> Settings:
        return Settings(patients=self.configured)

    def check(self, patient: PatientSettings, others: tuple[PatientSettings, ...]) -> str:
        return find_wrong(patient, self.settings(), others)

    def fits(self, patient: PatientSettings) -> bool:
        """Ask as the daemon does whether a patient can be watched beside the others."""
        others = rosters.watched(self.roster, self.configured)
        others = tuple(each for each in others if each.id != patient.id)
        table = rosters.nested(rosters.flat(patient)) | {"id": patient.id}
        try:
            assert parse_patient(table, self.settings(), others) == patient
        except ConfigError:
            return False
        return True

    @initialize(names=st.lists(st.sampled_from(IDS), unique=True, max_size=3))
    def configure(self, names: list[str]) -> None:
        self.configured = tuple(
            PatientSettings(id=name, source=LINES[number]) for number, name in enumerate(names)
        )
        self.model = {patient.id: patient for patient in self.configured}

    @rule(patient_id=st.sampled_from(IDS), values=VALUES)
    def add(self, patient_id: str, values: dict[str, object]) -> None:
        patient = replace(PatientSettings(id=patient_id, source="synthetic:"), **values)  # type: ignore[arg-type]
        if patient_id in self.model or not self.fits(patient):
            return
        self.now_s += 1.0
        self.roster = rosters.added(self.roster, patient, self.now_s, "nurse")
        self.model[patient_id] = patient

    @precondition(lambda self: self.model)
    @rule(data=st.data(), values=VALUES)
    def edit(self, data: st.DataObject, values: dict[str, object]) -> None:
        patient_id = data.draw(st.sampled_from(sorted(self.model)))
        patient = replace(self.model[patient_id], **values)  # type: ignore[arg-type]
        if not self.fits(patient):
            return
        member = rosters.find_member(self.roster, self.configured, patient_id)
        self.roster = rosters.edited(self.roster, member, patient, 1.0, "nurse")
        self.model[patient_id] = patient

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def archive_or_restore(self, data: st.DataObject) -> None:
        patient_id = data.draw(st.sampled_from(sorted(self.model)))
        member = rosters.find_member(self.roster, self.configured, patient_id)
        archive = patient_id not in self.gone
        if not archive and not self.fits(self.model[patient_id]):
            return
        self.roster = rosters.archived(self.roster, member, 1.0, "nurse", is_archived=archive)
        self.gone ^= {patient_id}

    @rule()
    def restart(self) -> None:
        save_roster(self.path, self.roster)
        loaded = load_roster(self.path, self.settings())
        assert loaded.problem == ""
        roster, notes = rosters.rebased(loaded.roster, self.configured, self.check)
        assert notes == ()
        assert roster == self.roster
        self.roster = roster

    @precondition(lambda self: self.configured)
    @rule(data=st.data(), name=st.sampled_from(("", "Carl")))
    def somebody_edits_the_file(self, data: st.DataObject, name: str) -> None:
        patient = data.draw(st.sampled_from(self.configured))
        if patient.name == name:
            return
        self.configured = tuple(
            replace(each, name=name) if each.id == patient.id else each for each in self.configured
        )
        self.roster, _ = rosters.rebased(self.roster, self.configured, self.check)
        self.model[patient.id] = replace(self.model[patient.id], name=name)

    @invariant()
    def everybody_is_as_the_model_says(self) -> None:
        everybody = rosters.members(self.roster, self.configured)
        assert {m.settings.id: m.settings for m in everybody} == self.model
        assert {m.settings.id for m in everybody if m.archived} == self.gone

    @invariant()
    def the_origin_tells_the_truth(self) -> None:
        file = {patient.id: patient for patient in self.configured}
        for member in rosters.members(self.roster, self.configured):
            said = file.get(member.settings.id)
            if said is None:
                assert member.origin is Origin.ADDED
            else:
                is_edited = member.settings != said
                assert (member.origin is Origin.EDITED) == is_edited

    @invariant()
    def nobody_shares_a_line_and_nobody_is_one_too_many(self) -> None:
        watched = rosters.watched(self.roster, self.configured)
        assert len(watched) <= MAX_PATIENTS
        lines = [patient.source for patient in watched if patient.source.startswith("serial:")]
        assert len(set(lines)) == len(lines)


RosterMachine.TestCase.settings = hypothesis_settings(
    max_examples=30, stateful_step_count=25, deadline=None
)
TestRoster = RosterMachine.TestCase
