from __future__ import annotations

import pytest
from store_examples import make_alert

from ecgd.config.settings import PatientSettings
from ecgd.service.patient_tags import PatientTag, tag_of, tagged
from ecgd.service.roster import Member, Origin, Roster, members
from ecgd.service.roster import added as with_added

SOURCE = "synthetic:?rhythm=sinus"
ANNA = PatientSettings(id="anna", name="Anna Müller", source=SOURCE)
BERT = PatientSettings(id="bert", label="bed 7", source=SOURCE)
CARL = PatientSettings(id="carl", source=SOURCE)


def everybody(*patients: PatientSettings, archived: tuple[str, ...] = ()) -> tuple[Member, ...]:
    known = members(Roster(), patients)
    return tuple(
        Member(each.settings, Origin.CONFIGURED, each.settings.id in archived, each.entry)
        for each in known
    )


def test_one_patient_needs_no_tag() -> None:
    assert tag_of("anna", everybody(ANNA)) == PatientTag()


def test_several_patients_are_numbered_in_the_order_of_the_list() -> None:
    ward = everybody(ANNA, BERT, CARL)
    assert tag_of("anna", ward) == PatientTag("", 1)
    assert tag_of("bert", ward) == PatientTag("bed 7", 2)
    assert tag_of("carl", ward) == PatientTag("", 3)


def test_who_leaves_gives_nobody_else_the_number() -> None:
    ward = everybody(ANNA, BERT, CARL, archived=("bert",))
    assert tag_of("carl", ward) == PatientTag("", 3)
    alone = everybody(ANNA, CARL, archived=("anna",))
    assert tag_of("carl", alone) == PatientTag(), "whoever is alone needs none"


def test_who_was_added_at_run_time_comes_after_the_file() -> None:
    roster = with_added(Roster(), CARL, 1.0, "me")
    assert tag_of("carl", members(roster, (ANNA, BERT))) == PatientTag("", 3)


@pytest.mark.parametrize("stranger", ["gateway", "nobody", ""])
def test_the_gateway_and_strangers_have_none(stranger: str) -> None:
    assert tag_of(stranger, everybody(ANNA, BERT)) == PatientTag()


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        (PatientTag(), "the patient"),
        (PatientTag("", 2), "patient 2"),
        (PatientTag("bed 7", 2), "bed 7"),
    ],
)
def test_words_of_a_tag_and_of_an_alert_are_the_same(tag: PatientTag, words: str) -> None:
    assert tag.words() == words
    alert = tagged(make_alert(), tag)
    assert (alert.patient_label, alert.patient_number) == (tag.label, tag.number)
