"""AT dialogues with simulated modules, without time: finding, reading, changing."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import pytest
from radio_modules import Hc05, Hc06, Radio, Wire

from ecgd.protocol.at_answer import Exchange
from ecgd.protocol.at_change import Outcome, Step, StepResult, carry_out
from ecgd.protocol.at_command import BAUD_RATES, Dialect
from ecgd.protocol.at_module import Module, parse_address, parse_uart, read_module
from ecgd.protocol.at_plan import Change, Part, Wish, make_plan, problems_of
from ecgd.protocol.at_probe import (
    Absence,
    Contact,
    NotFound,
    Timing,
    find_module,
    longest_search_s,
)

TIMING = Timing()

_T = TypeVar("_T")


def run(dialogue: Generator[Exchange, bytes, _T], wire: Wire) -> _T:
    try:
        step = next(dialogue)
        while True:
            step = dialogue.send(wire.exchange(step))
    except StopIteration as end:
        result: _T = end.value
        return result


def look(module: Radio) -> Module:
    wire = Wire(module)
    contact = run(find_module(TIMING), wire)
    assert isinstance(contact, Contact), contact
    return run(read_module(contact, TIMING), wire)


def change(module: Radio, wish: Wish) -> list[StepResult]:
    """Find, read, plan and carry out; return every result in order."""
    seen = look(module)
    assert problems_of(seen, wish) == ()
    return carry(module, seen, make_plan(seen, wish))


def carry(module: Radio, seen: Module, plan: tuple[Change, ...]) -> list[StepResult]:
    wire = Wire(module)
    results: list[StepResult] = []
    steps: Generator[Step, bytes, None] = carry_out(seen, plan, TIMING)
    answer = b""
    while True:
        try:
            step = next(steps) if not answer else steps.send(answer)
            while isinstance(step, Exchange):
                step = steps.send(wire.exchange(step))
        except StopIteration:
            return results
        if isinstance(step, StepResult):
            results.append(step)
        answer = b" "


def outcomes(results: list[StepResult]) -> list[tuple[Part, Outcome]]:
    return [(result.change.part, result.outcome) for result in results]


@pytest.mark.parametrize(
    "module",
    [
        Hc05(),
        Hc05(firmware="3"),
        Hc05(firmware="4"),
        Hc05(firmware="3", full=False, uart="115200,0,0"),
        Hc05(full=False, uart="460800,0,0"),
        Hc05(delay_s=0.3),
        Hc05(delay_s=2.0),
        Hc05(echoes=True),
        Hc06(),
        Hc06(version="hc01.comV2.0", baud=921600),
        Hc06(baud=1200),
        Hc06(delay_s=1.0),
        Hc06(delay_s=2.0),
        Hc06(echoes=True),
        Hc06(overlooks_line_ends=True),
    ],
    ids=repr,
)
def test_every_module_is_found_at_its_own_rate(module: Radio) -> None:
    found = run(find_module(TIMING), Wire(module))
    dialect = Dialect.BARE if isinstance(module, Hc06) else Dialect.LINES
    assert found == Contact(dialect, module.baud)


@pytest.mark.parametrize("baud", BAUD_RATES)
def test_an_hc06_is_found_at_any_rate(baud: int) -> None:
    assert run(find_module(TIMING), Wire(Hc06(baud=baud))) == Contact(Dialect.BARE, baud)


@pytest.mark.parametrize("error", ["ERROR:(0)", "ERROR"])
def test_what_other_rates_left_in_the_buffer_is_no_hindrance(error: str) -> None:
    """Some modules give an error no number, as nothing else does: they are asked again."""
    module = Hc05(full=False, odd={"\x80\xffAT": error})
    module.buffer = b"\x80\xff"
    assert run(find_module(TIMING, (9600,)), Wire(module)) == Contact(Dialect.LINES, 9600)
    assert module.commands == ["\x80\xffAT", "AT"]


def test_the_search_is_bounded() -> None:
    wire = Wire(Hc05(in_data_mode=True))
    assert run(find_module(TIMING), wire) == NotFound(Absence.SILENT)
    spent_s = sum(step.patience_s for step in wire.exchanges)
    assert spent_s == pytest.approx(longest_search_s(TIMING))
    assert spent_s < 35.0


class _Answers:
    """What always comes back, whatever is sent."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer

    def exchange(self, step: Exchange) -> bytes:
        return step.sent if self._answer is None else self._answer


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (None, NotFound(Absence.ECHO, 9600)),
        (bytes(range(128, 256)), NotFound(Absence.STREAM, 38400)),
        (b"\xa5\x5a\x01" * 40, NotFound(Absence.STREAM, 38400)),
        (b"\xfe\xfe", NotFound(Absence.NOISE, 38400)),
        (b"login: ", NotFound(Absence.NOISE, 38400)),
        (b"OKAY\r\n", NotFound(Absence.NOISE, 38400)),
    ],
)
def test_what_is_no_module_is_told_from_one(answer: bytes | None, verdict: NotFound) -> None:
    wire = _Answers(answer)
    dialogue = find_module(TIMING)
    with pytest.raises(StopIteration) as end:
        step = next(dialogue)
        while True:
            step = dialogue.send(wire.exchange(step))
    assert end.value.value == verdict


@pytest.mark.parametrize("firmware", ["2", "3", "4"])
def test_an_hc05_tells_all_of_itself(firmware: str) -> None:
    module = look(Hc05(firmware=firmware, name="Heart 1", pin="0815", role="1"))
    assert (module.name, module.pin, module.role, module.baud) == ("Heart 1", "0815", 1, 9600)
    assert module.address == "98:D3:31:0F:D2:E5", "a leading zero is missing in the answer"
    assert (module.version or "").startswith(firmware)
    assert not module.in_small_mode


def test_an_hc06_tells_its_version_alone() -> None:
    module = look(Hc06(baud=57600))
    assert module == Module(Contact(Dialect.BARE, 57600), version="linvorV1.8", baud=57600)


def test_a_module_in_its_small_mode_is_known_by_what_it_hides() -> None:
    quiet = frozenset({"AT+NAME", "AT+PSWD"})
    module = look(Hc05(full=False, mute=quiet))
    assert (module.name, module.pin, module.baud) == (None, None, 9600)
    assert module.in_small_mode


@pytest.mark.parametrize("firmware", ["2", "3", "4"])
def test_name_pin_and_baud_are_set_and_read_back(firmware: str) -> None:
    module = Hc05(firmware=firmware, role="1")
    results = change(module, Wish("ecg-anna", "60271845", 57600))
    good = [(p, Outcome.READ_BACK) for p in (Part.NAME, Part.PIN, Part.ROLE, Part.BAUD)]
    good.insert(2, (Part.HOSTS, Outcome.ACCEPTED))
    assert outcomes(results) == good
    assert (module.name, module.pin, module.role) == ("ecg-anna", "60271845", "0")
    assert module.uart == "57600,0,0"
    assert module.commands[-1] == "AT+RESET"


def test_what_is_so_already_is_left_alone() -> None:
    module = Hc05(name="ecg-anna", pin="0815", uart="57600,0,0")
    seen = look(module)
    assert make_plan(seen, Wish("ecg-anna", "0815", 57600)) == ()
    assert make_plan(seen, Wish()) == ()
    assert carry(module, seen, ()) == []
    assert "AT+RESET" not in module.commands


def test_a_module_that_stays_in_command_mode_is_asked_what_it_kept() -> None:
    module = Hc05(held=True)
    results = change(module, Wish(pin="60271845", baud=57600))
    assert outcomes(results)[-2:] == [(Part.PIN, Outcome.KEPT), (Part.BAUD, Outcome.KEPT)]


def test_a_pin_that_is_forgotten_at_the_restart_is_told() -> None:
    """Firmware 4.0 says OK, shows the new PIN, and has 1234 again when it is switched on."""
    results = change(Hc05(firmware="4", held=True, forgets_pin=True), Wish(pin="60271845"))
    last = results[-1]
    assert (last.outcome, last.outcome.is_good) == (Outcome.FORGOTTEN, False)
    assert "1234" in last.detail


@pytest.mark.parametrize("moves_at_once", [False, True])
@pytest.mark.parametrize("mute", [frozenset(), frozenset({"AT+UART=57600,0,0"})])
def test_an_hc06_of_firmware_3_is_followed_to_its_new_rate(
    mute: frozenset[str], *, moves_at_once: bool
) -> None:
    """Its owners report both: it moves at once, and it does not even say OK."""
    module = Hc05(firmware="3", full=False, moves_at_once=moves_at_once, mute=mute)
    results = change(module, Wish(baud=57600))
    assert outcomes(results)[0] == (Part.BAUD, Outcome.READ_BACK)
    assert outcomes(results)[-1] == (Part.BAUD, Outcome.KEPT)


def test_an_hc06_is_set_and_found_at_its_new_rate() -> None:
    module = Hc06()
    results = change(module, Wish("ecg-anna", "4711", 57600))
    assert outcomes(results) == [
        (Part.NAME, Outcome.ACCEPTED),
        (Part.PIN, Outcome.ACCEPTED),
        (Part.BAUD, Outcome.READ_BACK),
    ]
    assert (module.name, module.pin, module.baud) == ("ecg-anna", "4711", 57600)


def test_an_hc06_that_stays_at_its_rate_is_told() -> None:
    results = change(Hc06(stays=True), Wish(baud=57600))
    assert outcomes(results) == [(Part.BAUD, Outcome.REFUSED)]


def test_an_hc06_that_does_not_answer_is_asked_twice_and_then_left() -> None:
    module = Hc06(mute=frozenset({"AT+PIN"}))
    results = change(module, Wish("ecg-anna", "4711", 57600))
    assert outcomes(results) == [(Part.NAME, Outcome.ACCEPTED), (Part.PIN, Outcome.UNANSWERED)]
    assert module.commands.count("AT+PIN4711") == 2
    assert module.baud == 9600, "nothing more is changed after what failed"


@pytest.mark.parametrize("code", ["0", "3", "1D", "17", "FF"])
def test_an_error_is_told_in_words_and_ends_it(code: str) -> None:
    module = Hc05(odd={"AT+NAME=ecg-anna": f"ERROR:({code})"})
    results = change(module, Wish("ecg-anna", "4711"))
    assert outcomes(results) == [(Part.NAME, Outcome.REFUSED)]
    assert f"ERROR:({code})" in results[0].detail
    assert "AT+RESET" not in module.commands


def test_a_lost_answer_is_made_good_by_reading_back() -> None:
    module = Hc05(mute=frozenset({"AT+NAME=ecg-anna"}))
    assert outcomes(change(module, Wish("ecg-anna")))[0] == (Part.NAME, Outcome.READ_BACK)


def test_an_ok_for_nothing_is_not_believed() -> None:
    results = change(Hc05(odd={"AT+NAME=ecg-anna": "OK"}), Wish("ecg-anna"))
    assert outcomes(results) == [(Part.NAME, Outcome.DIFFERS)]
    assert "HC-05" in results[0].detail


def test_what_can_be_neither_set_nor_read_is_not_known() -> None:
    module = Hc05(mute=frozenset({"AT+NAME"}))
    results = change(module, Wish("ecg-anna"))
    assert outcomes(results) == [(Part.NAME, Outcome.UNANSWERED)]


@pytest.mark.parametrize("module", [Hc05(delay_s=2.4), Hc06(delay_s=2.3)], ids=repr)
def test_slow_answers_are_waited_for(module: Radio) -> None:
    results = change(module, Wish("ecg-anna", "4711"))
    assert all(result.outcome.is_good for result in results)
    assert (module.name, module.pin) == ("ecg-anna", "4711")


def test_late_answers_are_not_taken_for_another_command_s() -> None:
    """Each is heard in the exchange after its own; what is told must be true all the same."""
    module = Hc05()
    seen = look(module)
    module.delay_s = TIMING.slow_s + 0.1
    results = carry(module, seen, make_plan(seen, Wish("ecg-anna", "4711")))
    assert results[0].outcome is Outcome.READ_BACK
    assert (module.name, module.pin) == ("ecg-anna", "4711")


def test_a_late_ok_is_no_yes_to_a_pin() -> None:
    seen = look(Hc06())
    steps = carry_out(seen, make_plan(seen, Wish(pin="4711")), TIMING)
    assert isinstance(next(steps), Change)
    step: Step = next(steps)
    while isinstance(step, Exchange):
        step = steps.send(b"OK")
    assert isinstance(step, StepResult)
    assert step.outcome is Outcome.UNANSWERED


def test_stop_bits_and_parity_are_put_right() -> None:
    module = Hc05(uart="9600,1,2")
    plan = make_plan(look(module), Wish())
    assert [each.part for each in plan] == [Part.BAUD]
    assert outcomes(change(module, Wish()))[0] == (Part.BAUD, Outcome.READ_BACK)
    assert module.uart == "9600,0,0"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("98d3:31:fd2e45", "98:D3:31:FD:2E:45"),
        ("2016:4:76101", "20:16:04:07:61:01"),
        ("11:22:917BF", "00:11:22:09:17:BF"),
        ("98d3:31", None),
        ("98d3:31:fd2e45:1", None),
        ("zz:31:fd2e45", None),
        (None, None),
    ],
)
def test_addresses_get_their_zeros_back(text: str | None, address: str | None) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "uart"),
    [
        ("9600,0,0", (9600, False)),
        ("115200,1,0", (115200, True)),
        ("9600,0,2", (9600, True)),
        ("9600", (None, False)),
        (None, (None, False)),
    ],
)
def test_line_settings_are_read(text: str | None, uart: tuple[int | None, bool]) -> None:
    assert parse_uart(text) == uart
