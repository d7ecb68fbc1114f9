"""ecgctl device provision: set a radio module's name, PIN and baud rate over a serial cable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ecgd.cli.exit_codes import ExitCode
from ecgd.cli.options import json_option, print_json
from ecgd.errors import ControlError

if TYPE_CHECKING:
    from ecgd.protocol.at_module import Module
    from ecgd.protocol.at_plan import Change, Wish
    from ecgd.service.provisioning import Provisioning, Report


@click.command()
@click.argument("port", type=click.Path(path_type=Path))
@click.option("--name", help="The name that others see, as ecg-anna.")
@click.option("--pin", metavar="PIN", help="4 digits (HC-06), 4 to 16 (HC-05), or: random.")
@click.option("--baud", type=int, metavar="BAUD", help="The rate between module and device.")
@click.option("--at", type=int, multiple=True, metavar="BAUD", help="Look at this rate only.")
@click.option("--allow-factory-pin", is_flag=True, help="Let the PIN be 1234 or 0000.")
@click.option("--dry-run", is_flag=True, help="Say what would be changed, and change nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before changing.")
@json_option
@click.pass_context
def provision(
    ctx: click.Context,
    port: Path,
    *,
    name: str | None,
    pin: str | None,
    baud: int | None,
    at: tuple[int, ...],
    allow_factory_pin: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Set name, PIN and baud rate of the HC-05 or HC-06 at the serial cable PORT.

    First it finds the module, shows what it is and what will be changed, and asks. Without
    --name, --pin and --baud it only shows.
    """
    from ecgd.protocol.at_plan import Wish, make_plan  # noqa: PLC0415 - needed by no other command
    from ecgd.service.provisioning import provisioning  # noqa: PLC0415 - the same

    _refuse_factory_pin(pin, allowed=allow_factory_pin)
    _refuse_other_rates(at)
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json asks nothing: add --yes or --dry-run")
    with provisioning(port) as work:
        module, wish = _look(work, port, at, Wish(name, pin, baud), quiet=as_json)
        plan = make_plan(module, wish)
        if not as_json:
            _show(module, plan, dry_run=dry_run)
        report = None
        if plan and not dry_run and (yes or _agreed()):
            report = _carry_out(work, module, plan, quiet=as_json)
    if as_json:
        _print_json(module, plan, report)
    elif not dry_run:
        _end(module, report, declined=bool(plan) and report is None)
    ctx.exit(_status(module, plan, report, allowed=allow_factory_pin, dry_run=dry_run))


def _refuse_factory_pin(pin: str | None, *, allowed: bool) -> None:
    from ecgd.protocol.at_command import FACTORY_PINS  # noqa: PLC0415 - needed by no other command

    if pin in FACTORY_PINS and not allowed:
        raise ControlError(
            f"{pin} is the PIN that every such module has when it is sold: anybody knows it",
            "Choose another, or --pin random; --allow-factory-pin takes it all the same.",
        )


def _refuse_other_rates(at: tuple[int, ...]) -> None:
    from ecgd.protocol.at_command import BAUD_RATES  # noqa: PLC0415 - needed by no other command

    strange = [str(baud) for baud in at if baud not in BAUD_RATES]
    if strange:
        known = ", ".join(map(str, BAUD_RATES))
        raise click.BadParameter(f"{', '.join(strange)} is not one of {known}", param_hint="--at")


def _look(
    work: Provisioning, port: Path, at: tuple[int, ...], wish: Wish, *, quiet: bool
) -> tuple[Module, Wish]:
    from ecgd.protocol.at_plan import problems_of  # noqa: PLC0415 - needed by no other command
    from ecgd.protocol.at_probe import Timing, longest_search_s  # noqa: PLC0415 - the same
    from ecgd.service.provisioning import settle_pin  # noqa: PLC0415 - the same

    if not quiet:
        longest_s = longest_search_s(Timing(), at)
        click.echo(f"looking for a module at {port} ({longest_s:.0f} s at most)", err=True)
    module = work.look(at)
    settled = settle_pin(module, wish)
    problems = problems_of(module, settled)
    if problems:
        raise ControlError(f"not with this module: {'; '.join(problems)}", "Nothing was changed.")
    return module, settled


def _show(module: Module, plan: tuple[Change, ...], *, dry_run: bool) -> None:
    from ecgd.cli.provision_page import module_lines, plan_lines  # noqa: PLC0415 - the same

    for line in (*module_lines(module), "", *plan_lines(module, plan, dry_run=dry_run)):
        click.echo(line)


def _agreed() -> bool:
    try:
        return click.confirm("Change it?", default=False)
    except click.Abort:
        click.echo()
        return False


def _carry_out(
    work: Provisioning, module: Module, plan: tuple[Change, ...], *, quiet: bool
) -> Report:
    from ecgd.cli.provision_page import result_line  # noqa: PLC0415 - needed by no other command

    if quiet:
        return work.carry_out(module, plan)
    return work.carry_out(module, plan, lambda result: click.echo(result_line(result)))


def _print_json(module: Module, plan: tuple[Change, ...], report: Report | None) -> None:
    from ecgd.cli.provision_page import provision_shape  # noqa: PLC0415 - needed by no other

    print_json(provision_shape(module, plan, report))


def _end(module: Module, report: Report | None, *, declined: bool) -> None:
    from ecgd.cli.provision_page import end_lines  # noqa: PLC0415 - needed by no other command

    for line in ["nothing was changed"] if declined else end_lines(module, report):
        click.echo(line)


def _status(
    module: Module,
    plan: tuple[Change, ...],
    report: Report | None,
    *,
    allowed: bool,
    dry_run: bool,
) -> ExitCode:
    from ecgd.cli.provision_page import has_factory_pin  # noqa: PLC0415 - needed by no other

    if report is not None and not report.is_good:
        return ExitCode.ERROR
    if report is None and plan and not dry_run:
        return ExitCode.ERROR
    if has_factory_pin(module, report) and not allowed:
        return ExitCode.ATTENTION
    return ExitCode.FINE
