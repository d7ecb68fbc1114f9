"""The command line of the replay corpus; ``scripts/replay`` starts it."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from replay_corpus import case_names, check, expected_path, log_path, read_events, rebuild
from replay_driver import replay
from replay_recipes import BY_NAME
from replay_view import timeline
from rich.console import Console

from ecgd.errors import EcgdError

MOST_LINES = 20
"""Differences shown of one case; ``--all`` shows every one."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Recorded bytes in tests/replay, and what must come of them.

    A NAME is a case of the corpus; without one, all cases are meant.
    """


@main.command("check")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--all", "every", is_flag=True, help="Show every difference.")
def check_command(names: tuple[str, ...], every: bool) -> None:
    """Replay the bytes and compare; the exit status is 1 where anything differs."""
    console = Console(highlight=False)
    failed = 0
    for name in _known(names):
        found = check(name)
        failed += bool(found)
        verdict = f"[red]{len(found)} differ[/]" if found else "[green]ok[/]"
        console.print(f"{name:28} {verdict}")
        for line in found if every else found[:MOST_LINES]:
            console.print(f"  {line}", markup=False, soft_wrap=True)
        if len(found) > MOST_LINES and not every:
            console.print(f"  … {len(found) - MOST_LINES} more: --all shows them")
    if failed:
        console.print(f"{failed} failed. If the change is meant: scripts/replay rebuild, git diff")
        sys.exit(1)


@main.command("rebuild")
@click.argument("names", nargs=-1, metavar="[NAME]…")
def rebuild_command(names: tuple[str, ...]) -> None:
    """Write what is expected anew, and the bytes too where the case has a recipe."""
    console = Console(highlight=False)
    for name in _known(names):
        before = [_content(path) for path in (log_path(name), expected_path(name))]
        rebuild(name)
        after = [_content(path) for path in (log_path(name), expected_path(name))]
        console.print(f"{name:28} {'unchanged' if before == after else '[yellow]written[/]'}")


@main.command("view")
@click.argument("name")
@click.option("--expected", is_flag=True, help="Show what is expected instead of replaying.")
def view_command(name: str, expected: bool) -> None:
    """Show the events of a case, or of any byte recording, as a timeline."""
    path = Path(name)
    if path.is_file():
        events, about = replay(path), f"{path}"
    else:
        (known,) = _known((name,))
        events = read_events(expected_path(known)) if expected else replay(log_path(known))
        about = BY_NAME[known].about if known in BY_NAME else "a recording"
    console = Console(highlight=False)
    console.print(timeline(path.stem, about, events, console.width))


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    cases = case_names()
    if strangers := [name for name in names if name not in cases]:
        raise click.BadParameter(f"no such case: {', '.join(strangers)} (of: {', '.join(cases)})")
    return names or cases


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    try:
        main()
    except EcgdError as error:
        raise click.ClickException(str(error)) from error
