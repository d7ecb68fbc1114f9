"""AT dialogues over a bad cable: what is said to hold does hold, and every dialogue ends."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from radio_modules import Hc05, Hc06, Radio, Wire

from ecgd.protocol.at_answer import ANSWER_MOST, Exchange
from ecgd.protocol.at_change import Outcome, StepResult, carry_out
from ecgd.protocol.at_command import Dialect, problem_of_name, problem_of_pin
from ecgd.protocol.at_module import Module, parse_address, read_module
from ecgd.protocol.at_plan import Part, Wish, make_plan
from ecgd.protocol.at_probe import NotFound, Timing, find_module

TIMING = Timing()

_Found = TypeVar("_Found")

MODULES = st.one_of(
    st.builds(
        Hc05,
        firmware=st.sampled_from(["2", "3", "4"]),
        full=st.booleans(),
        held=st.booleans(),
        moves_at_once=st.booleans(),
        echoes=st.booleans(),
        forgets_pin=st.booleans(),
        role=st.sampled_from(["0", "1", "2"]),
        uart=st.sampled_from(["9600,0,0", "38400,0,0", "115200,1,0"]),
    ),
    st.builds(Hc06, baud=st.sampled_from([9600, 57600]), echoes=st.booleans(), stays=st.booleans()),
)

FAULTS = st.lists(st.sampled_from(["", "", "", "lost", "noise", "half", "twice"]), max_size=30)


class _BadCable:
    """A wire with a fault for each exchange, until the faults are used up."""

    def __init__(self, module: Radio, faults: list[str]) -> None:
        self._wire, self._faults, self.count = Wire(module), list(faults), 0

    def exchange(self, step: Exchange) -> bytes:
        self.count += 1
        assert self.count < 300, "the dialogue does not end"
        received = self._wire.exchange(step)
        match self._faults.pop(0) if self._faults else "":
            case "lost":
                return b""
            case "noise":
                return b"\x00\xff\x80" + received
            case "half":
                return received[: len(received) // 2]
            case "twice":
                return received + received
        return received


def _run(dialogue: Generator[Exchange, bytes, _Found], cable: _BadCable) -> _Found:
    try:
        step = next(dialogue)
        while True:
            step = dialogue.send(cable.exchange(step))
    except StopIteration as end:
        found: _Found = end.value
        return found


def _look(cable: _BadCable) -> Module | NotFound:
    contact = _run(find_module(TIMING), cable)
    if isinstance(contact, NotFound):
        return contact
    return _run(read_module(contact, TIMING), cable)


def _results(cable: _BadCable, module: Module, wish: Wish) -> dict[Part, StepResult]:
    results: dict[Part, StepResult] = {}
    steps = carry_out(module, make_plan(module, wish), TIMING)
    try:
        step = next(steps)
        while True:
            if isinstance(step, StepResult):
                results[step.change.part] = step
            step = steps.send(cable.exchange(step) if isinstance(step, Exchange) else b"")
    except StopIteration:
        return results


@given(module=MODULES, faults=FAULTS)
@settings(max_examples=150)
def test_what_is_said_to_hold_does_hold(module: Radio, faults: list[str]) -> None:
    cable = _BadCable(module, faults)
    seen = _look(cable)
    if isinstance(seen, NotFound):
        return
    results = _results(cable, seen, Wish("ecg-anna", "4711", 57600))
    good = {part for part, result in results.items() if result.outcome.is_good}
    if Part.NAME in good:
        assert module.name == "ecg-anna"
    if Part.PIN in good and results[Part.PIN].outcome is not Outcome.READ_BACK:
        assert module.pin == "4711"
    if Part.BAUD in good and isinstance(module, Hc06):
        assert module.baud == 57600
    if Part.BAUD in good and isinstance(module, Hc05):
        assert module.uart == "57600,0,0"


@given(module=MODULES)
@settings(max_examples=100)
def test_a_good_cable_and_a_second_run_lead_to_the_end(module: Radio) -> None:
    seen = _look(_BadCable(module, []))
    assert isinstance(seen, Module)
    wish = Wish("ecg-anna", "4711", 57600)
    results = _results(_BadCable(module, []), seen, wish)
    bad = {part for part, result in results.items() if not result.outcome.is_good}
    forgets = isinstance(module, Hc05) and module.forgets_pin
    stays = isinstance(module, Hc06) and module.stays
    assert bad <= ({Part.PIN} if forgets else {Part.BAUD} if stays else set())


@given(
    received=st.binary(max_size=ANSWER_MOST + 10),
    dialect=st.sampled_from(Dialect),
    sent=st.sampled_from([b"", b"AT\r\n", b"AT", b"AT+NAME?\r\n"]),
)
@settings(max_examples=200)
def test_any_bytes_are_an_answer_of_some_kind(
    received: bytes, dialect: Dialect, sent: bytes
) -> None:
    step = Exchange(9600, dialect, sent, 1.0)
    answer = step.read(received)
    assert 0 <= answer.noise_bytes <= len(received)
    assert step.is_whole(received) in (True, False)
    assert step.ends_with_a_pause(received) in (True, False)


@given(text=st.text(max_size=40), dialect=st.sampled_from(Dialect))
@settings(max_examples=200)
def test_what_is_no_name_or_pin_never_reaches_the_line(text: str, dialect: Dialect) -> None:
    if problem_of_name(dialect, text) is None:
        assert text.isascii()
        assert not set(text) & set('\r\n",\\')
        assert 0 < len(text) <= 32
    if problem_of_pin(dialect, text) is None:
        assert text.isascii()
        assert text.isdigit()
        assert 4 <= len(text) <= 16
    assert parse_address(text) is None or len(parse_address(text) or "") == 17
