"""Whose device is which: first come, foreign, swapped, changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ecgd.config.settings import DeviceSettings, PatientSettings
from ecgd.model.device import DeviceInfo
from ecgd.service.binding import Binding, Bond, Registry, Standing, describe_changes

NODE_A = DeviceInfo("node-a", 250.0, ("I", "II"), 400.0, highpass_hz=0.05, lowpass_hz=40.0)
NODE_B = replace(NODE_A, device_id="node-b")
SIX_LEAD = replace(NODE_A, device_id="six-lead", protocol="six-lead")


def patient(patient_id: str, **more: str) -> PatientSettings:
    source = more.pop("source", f"serial:///dev/{patient_id}")
    return PatientSettings(id=patient_id, name=patient_id.title(), source=source, **more)  # type: ignore[arg-type]


def two() -> tuple[Bond, Bond]:
    registry = Registry(lambda: 1_000.0)
    return registry.bond(patient("anna")), registry.bond(patient("bert"))


def standing(bond: Bond) -> Standing:
    return bond.standing


def test_the_first_device_that_comes_is_the_patient_s() -> None:
    anna, _ = two()
    assert standing(anna) is Standing.AWAITED
    anna.meet(NODE_A)
    assert standing(anna) is Standing.BOUND
    assert anna.binding is not None
    assert (anna.binding.device, anna.binding.bound_unix_s, anna.binding.by) == (NODE_A, 1000.0, "")
    anna.meet(NODE_B)
    assert standing(anna) is Standing.FOREIGN
    assert anna.binding.device == NODE_A
    anna.meet(NODE_A)
    assert standing(anna) is Standing.BOUND


def test_a_device_that_is_somebody_else_s_is_no_first_one() -> None:
    anna, bert = two()
    anna.meet(NODE_A)
    bert.meet(NODE_A)
    assert bert.is_foreign
    assert bert.binding is None
    assert not anna.is_foreign
    words = " / ".join(bert.foreign_words())
    assert "'node-a', which is Anna's, is on Bert's line" in words
    assert "ecgctl device accept bert node-a" in words


def test_an_alarm_of_a_device_names_no_patient() -> None:
    anna, bert = two()
    anna.meet(NODE_A)
    bert.meet(NODE_B)
    assert anna.alarm_words() == ()
    anna.meet(NODE_B)
    words = " / ".join(anna.alarm_words())
    assert "'node-b', which is another patient's, is on this patient's line instead of" in words
    anna.meet(replace(NODE_A, fs_hz=500.0))
    assert anna.changes
    words += " / ".join(anna.alarm_words())
    assert "ecgctl status" in anna.alarm_words()[-1]
    for name in ("anna", "bert"):
        assert name not in words.lower()


def test_two_devices_that_are_swapped_are_said_to_be() -> None:
    anna, bert = two()
    anna.meet(NODE_A)
    bert.meet(NODE_B)
    anna.meet(NODE_B)
    assert "swapped" not in " ".join(anna.foreign_words())
    bert.meet(NODE_A)
    assert "the devices of Anna and Bert are swapped" in anna.foreign_words()
    assert "the devices of Bert and Anna are swapped" in bert.foreign_words()


def test_the_settings_word_goes_before_whoever_comes_first() -> None:
    registry = Registry()
    bond = registry.bond(patient("anna", device_id="node-b"))
    bond.meet(NODE_A)
    assert bond.is_foreign
    assert bond.binding is None
    bond.meet(NODE_B)
    assert standing(bond) is Standing.BOUND
    bond.renew(patient("anna", device_id="node-a"))
    assert bond.binding is None
    assert bond.is_foreign


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fs_hz": 500.0}, "sampling rate 250 Hz -> 500 Hz"),
        ({"leads": ("II", "I")}, "leads I, II -> II, I"),
        ({"counts_per_mv": 200.0}, "scale 400 counts/mV -> 200 counts/mV"),
        ({"baseline_counts": 2048}, "baseline 0 counts -> 2048 counts"),
        ({"adc_bits": 10}, "converter 12 bit -> 10 bit"),
        ({"highpass_hz": None}, "analogue high-pass 0.05 Hz -> not known"),
        ({"lowpass_hz": 150.0}, "analogue low-pass 40 Hz -> 150 Hz"),
        ({"input_range_mv": 5.0}, "input range not known -> 5 mV"),
        ({"notch_on": True}, "notch filter off -> on"),
    ],
)
def test_the_same_device_that_measures_otherwise_is_changed(
    change: dict[str, object], words: str
) -> None:
    anna, _ = two()
    anna.meet(NODE_A)
    changed = replace(NODE_A, **change)  # type: ignore[arg-type]
    anna.meet(changed)
    assert standing(anna) is Standing.CHANGED
    assert anna.changes == (words,)
    assert not anna.is_foreign
    assert "ecgctl device accept anna node-a" in anna.change_words()[-1]
    anna.accept(changed, "nurse")
    assert standing(anna) is Standing.BOUND
    assert anna.binding is not None
    assert anna.binding.by == "nurse"


def test_other_firmware_is_no_change_of_measuring() -> None:
    anna, _ = two()
    anna.meet(NODE_A)
    newer = replace(NODE_A, firmware="2.0", protocol="block 2")
    anna.meet(newer)
    assert standing(anna) is Standing.BOUND
    assert anna.binding is not None
    assert anna.binding.device == newer
    assert describe_changes(NODE_A, newer) == ()


def test_what_a_person_says_of_the_device_explains_a_change() -> None:
    anna, _ = two()
    anna.meet(SIX_LEAD)
    rescaled = replace(SIX_LEAD, counts_per_mv=200.0)
    settings = patient("anna")
    anna.renew(replace(settings, device=DeviceSettings(counts_per_mv=200.0)))
    anna.meet(rescaled)
    assert standing(anna) is Standing.BOUND
    assert anna.binding is not None
    assert anna.binding.device == rescaled


def test_devices_that_cannot_say_who_they_are_are_nobody_s_in_particular() -> None:
    anna, bert = two()
    anna.meet(SIX_LEAD)
    bert.meet(SIX_LEAD)
    assert (anna.standing, bert.standing) == (Standing.BOUND, Standing.BOUND)


@pytest.mark.parametrize("source", ["synthetic:?rate=70", "replay:/data/100.hea"])
def test_recordings_are_bound_to_nobody(source: str) -> None:
    registry = Registry()
    bond = registry.bond(patient("anna", source=source))
    for device in (NODE_A, NODE_B):
        bond.meet(device)
        assert standing(bond) is Standing.NOT_BOUND
    assert bond.binding is None
    other = registry.bond(patient("bert"))
    other.meet(NODE_A)
    assert standing(other) is Standing.BOUND


def test_a_binding_of_an_earlier_run_counts_and_an_archived_patient_keeps_theirs() -> None:
    registry = Registry()
    kept = Binding(NODE_A, DeviceSettings(), 1.0)
    anna = registry.bond(patient("anna"), kept)
    bert = registry.bond(patient("bert"))
    bert.meet(NODE_A)
    assert bert.is_foreign
    anna.meet(NODE_B)
    assert anna.is_foreign


def test_an_id_is_quoted_where_a_shell_would_read_it_otherwise() -> None:
    anna, _ = two()
    anna.meet(NODE_A)
    anna.meet(replace(NODE_B, device_id="node b; reboot"))
    assert anna.foreign_words()[-1].endswith("accept anna 'node b; reboot'")
