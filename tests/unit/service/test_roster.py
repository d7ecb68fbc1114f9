"""Configuration and roster: for every single value the later word counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecgd.config.settings import DeviceSettings, PatientSettings, Settings
from ecgd.service import roster as rosters
from ecgd.service.roster import Origin, Roster, UnfitChangeError, UnknownPatientError
from ecgd.service.roster_keeper import find_wrong

ANNA = PatientSettings(id="anna", name="Anna", source="serial:///dev/rfcomm0")
BERT = PatientSettings(id="bert", source="serial:///dev/rfcomm1")
CARL = PatientSettings(id="carl", source="serial:///dev/rfcomm2")


def check(patient: PatientSettings, others: tuple[PatientSettings, ...]) -> str:
    return find_wrong(patient, Settings(), others)


def edited(roster: Roster, patient: PatientSettings, *configured: PatientSettings) -> Roster:
    member = rosters.find_member(roster, configured, patient.id)
    return rosters.edited(roster, member, patient, 5.0, "nurse")


def archived(roster: Roster, patient_id: str, *configured: PatientSettings) -> Roster:
    member = rosters.find_member(roster, configured, patient_id)
    return rosters.archived(roster, member, 5.0, "nurse", is_archived=True)


def origins(roster: Roster, *configured: PatientSettings) -> dict[str, Origin]:
    return {m.settings.id: m.origin for m in rosters.members(roster, configured)}


def test_where_each_patient_comes_from_is_known() -> None:
    roster = rosters.added(Roster(), CARL, 1.0, "nurse")
    roster = edited(roster, replace(ANNA, name="Annie"), ANNA, BERT)
    assert origins(roster, ANNA, BERT) == {
        "anna": Origin.EDITED,
        "bert": Origin.CONFIGURED,
        "carl": Origin.ADDED,
    }
    assert [p.name for p in rosters.watched(roster, (ANNA, BERT))] == ["Annie", "", ""]


def test_an_edit_lasts_while_the_file_says_what_it_said() -> None:
    changed = replace(ANNA, name="Annie", device=DeviceSettings(highpass_hz=0.05))
    roster = edited(Roster(), changed, ANNA)
    kept, notes = rosters.rebased(roster, (ANNA,), check)
    assert (kept, notes) == (roster, ())
    assert rosters.watched(kept, (ANNA,)) == (changed,)


def test_a_file_that_was_changed_later_has_the_last_word_on_that_value_alone() -> None:
    changed = replace(ANNA, name="Annie", birth_year=1950)
    roster = edited(Roster(), changed, ANNA)
    file_now = replace(ANNA, name="Anna Berta")
    kept, notes = rosters.rebased(roster, (file_now,), check)
    assert rosters.watched(kept, (file_now,)) == (replace(file_now, birth_year=1950),)
    assert notes == ("anna: name is 'Anna Berta' by the configuration now",)


def test_an_edit_back_to_the_file_s_value_is_none() -> None:
    roster = edited(Roster(), replace(ANNA, name="Annie"), ANNA)
    assert edited(roster, ANNA, ANNA) == Roster()


def test_a_patient_whom_the_file_no_longer_names_is_not_watched() -> None:
    roster = edited(Roster(), replace(ANNA, name="Annie"), ANNA)
    kept, notes = rosters.rebased(roster, (BERT,), check)
    assert rosters.watched(kept, (BERT,)) == (BERT,)
    assert notes == ("anna is not in the configuration any more",)


def test_a_patient_whom_the_file_names_for_the_first_time_is_the_file_s() -> None:
    roster = rosters.added(Roster(), replace(CARL, name="Old"), 1.0, "nurse")
    kept, notes = rosters.rebased(roster, (CARL,), check)
    assert origins(kept, CARL) == {"carl": Origin.CONFIGURED}
    assert rosters.watched(kept, (CARL,)) == (CARL,)
    assert "configuration's now" in notes[0]


def test_an_archived_patient_stays_archived_over_changes_of_the_file() -> None:
    roster = archived(Roster(), "anna", ANNA)
    file_now = replace(ANNA, name="Other")
    kept, notes = rosters.rebased(roster, (file_now,), check)
    assert rosters.watched(kept, (file_now,)) == ()
    assert notes == ()


def test_the_file_s_patients_are_watched_though_an_added_one_has_their_line() -> None:
    roster = rosters.added(Roster(), CARL, 1.0, "nurse")
    file_now = replace(BERT, source=CARL.source)
    kept, notes = rosters.rebased(roster, (file_now,), check)
    assert rosters.watched(kept, (file_now,)) == (file_now,)
    (member,) = (m for m in rosters.members(kept, (file_now,)) if m.archived)
    assert member.settings == CARL
    assert "already the line of another patient, bert" in member.entry.reason
    assert "carl is archived" in notes[0]


def test_an_edit_gives_way_to_a_patient_of_the_file_who_now_has_the_line() -> None:
    roster = edited(Roster(), replace(ANNA, source=CARL.source), ANNA, BERT)
    file_now = replace(BERT, source=CARL.source)
    kept, notes = rosters.rebased(roster, (ANNA, file_now), check)
    assert rosters.watched(kept, (ANNA, file_now)) == (ANNA, file_now)
    assert "edits of anna are over" in notes[0]


def test_the_eighth_patient_gives_way_and_the_first_added_stays() -> None:
    file_now = tuple(
        PatientSettings(id=f"p{number}", source=f"serial:///dev/x{number}") for number in range(6)
    )
    roster = rosters.added(rosters.added(Roster(), ANNA, 1.0, "n"), BERT, 2.0, "n")
    kept, notes = rosters.rebased(roster, file_now, check)
    assert [p.id for p in rosters.watched(kept, file_now)][-1] == "anna"
    assert len(notes) == 1
    assert "one gateway serves 7" in notes[0]


def test_nobody_is_archived_twice_or_restored_while_watched() -> None:
    roster = archived(Roster(), "anna", ANNA)
    with pytest.raises(UnfitChangeError, match="anna is archived already"):
        archived(roster, "anna", ANNA)
    member = rosters.find_member(Roster(), (ANNA,), "anna")
    with pytest.raises(UnfitChangeError, match="anna is watched already"):
        rosters.archived(Roster(), member, 1.0, "nurse", is_archived=False)


def test_an_unknown_patient_is_said_with_the_known_ones() -> None:
    with pytest.raises(UnknownPatientError, match="anna, bert"):
        rosters.find_member(Roster(), (ANNA, BERT), "emil")


def test_values_by_dotted_key_and_back() -> None:
    values = rosters.flat(ANNA)
    assert "id" not in values
    assert values["device.fs_hz"] == 250.0
    assert rosters.nested(values)["device"]["protocol"] == "block"
    assert check(ANNA, ()) == ""


def test_an_edit_of_a_value_that_does_not_exist_any_more_is_over() -> None:
    entry = rosters.Entry("anna", edits=(rosters.Edit("colour", "red", "blue"),))
    kept, notes = rosters.rebased(Roster((entry,)), (ANNA,), check)
    assert rosters.watched(kept, (ANNA,)) == (ANNA,)
    assert len(notes) == 1
