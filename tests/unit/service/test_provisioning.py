"""Setting up simulated HC-05 and HC-06 modules through a pseudo terminal that has a speed."""

from __future__ import annotations

from pathlib import Path

import pytest
import serial
from radio_modules import Hc05, Hc06, OnPty

from ecgd.errors import SourceError
from ecgd.protocol.at_change import Outcome, StepResult
from ecgd.protocol.at_command import Dialect
from ecgd.protocol.at_module import Module
from ecgd.protocol.at_plan import Change, Part, Wish, make_plan
from ecgd.protocol.at_probe import Contact, Timing
from ecgd.service.provisioning import Provisioning, Report, provisioning, settle_pin

QUICK = Timing(lines_s=0.2, bare_s=0.25, slow_s=0.8, gap_s=0.06, restart_s=0.4)
HASTY = Timing(lines_s=0.1, bare_s=0.1, slow_s=0.15, gap_s=0.06, restart_s=0.1)
"""For ports where nothing answers anyway."""


def set_up(port: Path, wish: Wish, bauds: tuple[int, ...] = ()) -> tuple[Module, Report]:
    with provisioning(port, QUICK) as work:
        module = work.look(bauds)
        return module, work.carry_out(module, make_plan(module, wish))


def outcomes(report: Report) -> list[tuple[Part, Outcome]]:
    return [(result.change.part, result.outcome) for result in report.results]


def test_an_hc05_in_command_mode_is_set_up(tmp_path: Path) -> None:
    radio = Hc05(firmware="3")
    with OnPty(radio, tmp_path / "port"):
        module, report = set_up(tmp_path / "port", Wish("ecg-anna", "60271845", 57600))
    assert module.contact == Contact(Dialect.LINES, 38400)
    assert module.address == "98:D3:31:0F:D2:E5"
    assert report.is_good, report
    assert (radio.name, radio.pin, radio.uart) == ("ecg-anna", "60271845", "57600,0,0")
    assert not report.is_asked_after_restart


def test_an_hc06_of_firmware_3_moves_and_is_asked_again(tmp_path: Path) -> None:
    radio = Hc05(firmware="3", full=False, moves_at_once=True, uart="9600,0,0")
    with OnPty(radio, tmp_path / "port"):
        module, report = set_up(tmp_path / "port", Wish(pin="0815", baud=115200))
    assert module.contact == Contact(Dialect.LINES, 9600)
    assert report.is_good, report
    assert report.is_asked_after_restart
    assert radio.uart == "115200,0,0"


def test_an_hc06_is_set_up_by_pauses(tmp_path: Path) -> None:
    radio = Hc06()
    with OnPty(radio, tmp_path / "port"):
        module, report = set_up(tmp_path / "port", Wish("ecg-anna", "4711", 57600), (9600,))
    assert module.contact == Contact(Dialect.BARE, 9600)
    assert report.is_good, report
    assert (radio.name, radio.pin, radio.baud) == ("ecg-anna", "4711", 57600)


@pytest.mark.parametrize(
    "radio", [Hc05(echoes=True, delay_s=0.1), Hc06(echoes=True)], ids=["hc05", "hc06"]
)
def test_echo_and_slowness_are_no_hindrance(tmp_path: Path, radio: Hc05 | Hc06) -> None:
    bauds = (38400,) if isinstance(radio, Hc05) else (9600,)
    with OnPty(radio, tmp_path / "port"):
        _, report = set_up(tmp_path / "port", Wish("ecg-anna"), bauds)
    assert report.is_good, report
    assert radio.name == "ecg-anna"


def test_a_module_that_answers_late_is_known_for_what_it_is(tmp_path: Path) -> None:
    radio = Hc05(delay_s=0.3)
    with OnPty(radio, tmp_path / "port"):
        module, report = set_up(tmp_path / "port", Wish("ecg-anna"), (38400,))
    assert module.name == "HC-05"
    assert report.is_good, report


def test_in_data_mode_nothing_answers_and_the_error_says_what_to_try(tmp_path: Path) -> None:
    with (
        OnPty(Hc05(in_data_mode=True), tmp_path / "port"),
        provisioning(tmp_path / "port", HASTY) as work,
        pytest.raises(SourceError, match="no module answers") as error,
    ):
        work.look((9600,))
    for word in ("Power", "TX", "divider", "button", "blinks fast"):
        assert word in error.value.remedy


def test_a_wrong_baud_rate_is_no_answer_either(tmp_path: Path) -> None:
    with (
        OnPty(Hc06(baud=57600), tmp_path / "port"),
        provisioning(tmp_path / "port", HASTY) as work,
        pytest.raises(SourceError, match="no module answers"),
    ):
        work.look((9600,))


def test_an_electrocardiograph_at_the_port_is_told_from_a_module(tmp_path: Path) -> None:
    stream = bytes(range(200, 250)) * 2
    with (
        OnPty(Hc05(in_data_mode=True), tmp_path / "port", stream=stream),
        provisioning(tmp_path / "port", QUICK) as work,
        pytest.raises(SourceError, match="sends by itself"),
    ):
        work.look()


def test_a_short_circuit_is_told_from_a_module(tmp_path: Path) -> None:
    radio = Hc05(echoes=True, mute=frozenset({"AT"}))
    with (
        OnPty(radio, tmp_path / "port"),
        provisioning(tmp_path / "port", QUICK) as work,
        pytest.raises(SourceError, match="only the command itself"),
    ):
        work.look((38400,))


@pytest.mark.parametrize("pulled_at", range(8, 15))
def test_a_cable_pulled_in_the_middle_leaves_nothing_unsaid(tmp_path: Path, pulled_at: int) -> None:
    """What is said to be set is set, what is not tried is not, and a second run ends it."""
    radio, port = Hc05(), tmp_path / "port"
    wish = Wish("ecg-anna", "60271845", 57600)
    with OnPty(radio, port, pulled_at=pulled_at):
        _, report = set_up(port, wish, (38400,))
    assert not report.is_good
    assert report.problem is not None
    assert "cable was pulled" in report.problem
    now = {Part.NAME: radio.name, Part.PIN: radio.pin, Part.BAUD: radio.data_baud}
    for result in report.results:
        holds = str(now.get(result.change.part)) == result.change.after
        assert holds or not result.outcome.is_good or result.change.part is Part.HOSTS
        assert result.outcome is not Outcome.NOT_TRIED or not holds
    with OnPty(radio, port):
        _, again = set_up(port, wish, (38400,))
    assert again.is_good, again
    assert (radio.name, radio.pin, radio.data_baud) == ("ecg-anna", "60271845", 57600)


class _Interrupted:
    """A port at which a person presses Ctrl-C at the first command."""

    def exchange(self, step: object) -> bytes:
        raise KeyboardInterrupt


def test_ctrl_c_ends_in_a_report_too() -> None:
    module = Module(Contact(Dialect.LINES, 38400), name="HC-05", pin="1234", baud=9600)
    plan = make_plan(module, Wish("ecg-anna", baud=57600))
    told: list[StepResult] = []
    report = Provisioning(_Interrupted(), QUICK).carry_out(module, plan, told.append)  # type: ignore[arg-type]
    assert outcomes(report) == [
        (Part.NAME, Outcome.UNANSWERED),
        (Part.BAUD, Outcome.NOT_TRIED),
    ]
    assert report.problem == "It was stopped by hand."
    assert told == []


def test_a_port_in_use_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with OnPty(Hc05(), tmp_path / "port"):
        other = serial.Serial(str(tmp_path / "port"), 9600, exclusive=True)
        with (
            pytest.raises(SourceError, match="in use") as error,
            provisioning(tmp_path / "port", QUICK),
        ):
            pass
        other.close()
    assert "systemctl stop ecgd" in error.value.remedy


def test_a_port_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such device"), provisioning(tmp_path / "port"):
        pass


def test_a_port_over_the_radio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "port").symlink_to("/dev/rfcomm7")
    with pytest.raises(SourceError, match="over the radio"), provisioning(tmp_path / "port"):
        pass


@pytest.mark.parametrize(("dialect", "digits"), [(Dialect.LINES, 8), (Dialect.BARE, 4)])
def test_a_pin_of_chance_is_as_long_as_the_module_takes(dialect: Dialect, digits: int) -> None:
    module = Module(Contact(dialect, 9600))
    pins = {settle_pin(module, Wish("n", "random", 9600)).pin for _ in range(50)}
    assert len(pins) > 40
    assert all(pin is not None and pin.isdigit() and len(pin) == digits for pin in pins)
    assert settle_pin(module, Wish(pin="0815")) == Wish(pin="0815")


def test_changes_that_were_not_begun_are_not_tried() -> None:
    plan = (Change(Part.NAME, None, "a"), Change(Part.BAUD, None, "9600"))
    assert not Report((StepResult(plan[0], Outcome.NOT_TRIED),)).is_good
    assert Report((StepResult(plan[0], Outcome.READ_BACK),)).is_good
