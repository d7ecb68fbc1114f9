"""What ``ecgctl device provision`` shows: the module, the plan, the results, and what is next."""

from __future__ import annotations

from typing import Any

from ecgd.cli.words import clean
from ecgd.protocol.at_change import Outcome, StepResult
from ecgd.protocol.at_command import COMMAND_BAUD, FACTORY_PINS, Dialect
from ecgd.protocol.at_module import ROLES, Module
from ecgd.protocol.at_plan import Change, Part
from ecgd.service.provisioning import Report

Json = dict[str, Any]

_KINDS = {
    Dialect.LINES: "an HC-05, or an HC-06 with firmware 3 or newer",
    Dialect.BARE: "an HC-06 with firmware older than 3",
}
_WORDS = {
    Outcome.READ_BACK: "set, and read back",
    Outcome.ACCEPTED: "set; it said yes",
    Outcome.KEPT: "kept",
    Outcome.REFUSED: "REFUSED",
    Outcome.DIFFERS: "NOT SET",
    Outcome.FORGOTTEN: "FORGOTTEN",
    Outcome.UNANSWERED: "NOT KNOWN",
    Outcome.NOT_TRIED: "not tried",
}


def module_lines(module: Module) -> list[str]:
    """Return what was found."""
    mode = " (command mode)" if _in_command_mode(module) else ""
    role = None if module.role is None else ROLES[module.role]
    told = {
        "found": _KINDS[module.contact.dialect],
        "firmware": module.version,
        "answers at": f"{module.contact.baud} baud{mode}",
        "name": module.name,
        "PIN": module.pin,
        "role": role,
        "baud": None if module.baud is None else str(module.baud),
        "address": module.address,
    }
    lines = [f"{word:<11}{clean(value or 'it does not tell')}" for word, value in told.items()]
    if module.in_small_mode:
        lines.append(
            "It tells little: an HC-05 whose button was not held while it was switched on. If a"
        )
        lines.append("change fails, hold the button, switch its power off and on, and try again.")
    return lines


def _in_command_mode(module: Module) -> bool:
    return module.contact.dialect is Dialect.LINES and module.contact.baud == COMMAND_BAUD


def plan_lines(module: Module, plan: tuple[Change, ...], *, dry_run: bool) -> list[str]:
    """Return what will be changed, from what and to what."""
    if not plan:
        return ["nothing is to be changed"]
    lines = ["would be changed:" if dry_run else "will be changed:"]
    for change in plan:
        if change.part is Part.HOSTS:
            lines.append("  hosts paired with the old PIN are forgotten")
        else:
            before = "(it does not tell)" if change.before is None else clean(change.before)
            lines.append(f"  {change.part:<6}{before} -> {clean(change.after)}")
    if module.contact.dialect is Dialect.LINES:
        lines.append("  then the module is restarted")
    return lines


def result_line(result: StepResult) -> str:
    """Return one line about what came of a change."""
    detail = f" ({clean(result.detail)})" if result.detail else ""
    if result.change.part is Part.HOSTS:
        word = "forgotten" if result.outcome.is_good else _WORDS[result.outcome]
        return f"  hosts paired before: {word}{detail}"
    what = f"{result.change.part} {clean(result.change.after)}"
    return f"  {what}: {_WORDS[result.outcome]}{detail}"


def end_lines(module: Module, report: Report | None) -> list[str]:
    """Return how the module stands now, and what is to be done next."""
    lines = [""]
    if report is not None and not report.is_good:
        return [*lines, *_trouble(module, report)]
    if report is not None:
        lines.extend(_after_restart(module, report))
    if has_factory_pin(module, report):
        lines.append("Its PIN is the one that every such module is sold with: --pin random sets")
        lines.append("another. Until then anybody near can pair with it.")
    return [*lines, *_next_lines(module, report)]


def _trouble(module: Module, report: Report) -> list[str]:
    lines = [] if report.problem is None else [clean(report.problem)]
    lines.append("how the module stands:")
    lines.extend(result_line(result) for result in report.results)
    if module.contact.dialect is Dialect.LINES:
        lines.append("What is set is in force after the module was switched off and on.")
    if module.in_small_mode:
        lines.append("Hold its button while you switch it on: then it takes every command.")
    lines.append("Run the same command again: what is set already is left alone.")
    return lines


def _after_restart(module: Module, report: Report) -> list[str]:
    if module.contact.dialect is Dialect.BARE:
        return ["Done. Switch the module off and on: then others see what is new."]
    if report.is_asked_after_restart:
        return ["Done. The module was restarted and has kept it."]
    return [
        "Done. Since its restart the module takes no more commands, as it should: its button is",
        "free. What it has kept shows when it is paired.",
    ]


def _next_lines(module: Module, report: Report | None) -> list[str]:
    baud = _baud_now(module, report)
    told = "" if baud is None else f"?baud={baud}"
    if module.address is None:
        return [
            "It does not tell its address: `ecgctl device scan` shows it beside its name. Then",
            f'  source = "bluetooth://ADDRESS{told}"    in the configuration',
        ]
    return [
        "Next, with the module at its device again:",
        f"  ecgctl device pair {module.address} --patient ID --pin",
        f'  source = "{source_of(module, report)}"    in the configuration',
        "or by /dev/rfcomm0, after pairing (docs/provisioning.md):",
        f"  ADDRESS={module.address}    in /etc/ecgd/rfcomm0.conf",
        f'  source = "serial:///dev/rfcomm0{told}"',
    ]


def source_of(module: Module, report: Report | None) -> str | None:
    """Return the source URL of the module's device, None where the address is not known."""
    if module.address is None:
        return None
    baud = _baud_now(module, report)
    return f"bluetooth://{module.address}" + ("" if baud is None else f"?baud={baud}")


def has_factory_pin(module: Module, report: Report | None) -> bool:
    """Tell whether the module still has, as far as it tells, a PIN that everybody knows."""
    return _now(Part.PIN, module.pin, report) in FACTORY_PINS


def _baud_now(module: Module, report: Report | None) -> str | None:
    return _now(Part.BAUD, None if module.baud is None else str(module.baud), report)


def _now(part: Part, before: str | None, report: Report | None) -> str | None:
    for result in () if report is None else report.results:
        if result.change.part is part and result.outcome.is_good:
            return result.change.after
    return before


def provision_shape(module: Module, plan: tuple[Change, ...], report: Report | None) -> Json:
    """Return all of it for programs; ``results`` is None where nothing was carried out."""
    return {
        "module": {
            "dialect": module.contact.dialect.value,
            "answers_at_baud": module.contact.baud,
            "version": module.version,
            "name": module.name,
            "pin": module.pin,
            "role": None if module.role is None else ROLES[module.role],
            "baud": module.baud,
            "address": module.address,
        },
        "plan": [
            {"part": each.part.value, "before": each.before, "after": each.after} for each in plan
        ],
        "results": None if report is None else [_result_shape(each) for each in report.results],
        "problem": None if report is None else report.problem,
        "source": source_of(module, report),
    }


def _result_shape(result: StepResult) -> Json:
    return {
        "part": result.change.part.value,
        "after": result.change.after,
        "outcome": result.outcome.value,
        "detail": result.detail,
    }
