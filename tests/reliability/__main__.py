"""Try every fault against the real daemon, and write docs/reliability.md.

usage: .venv/bin/python scripts/reliability [--only NAME,…] [--count N] [--seed N] [--lanes N]
           [--quick] [--hour] [--fresh] [--write] [--list]

Rows are kept in var/reliability.json: a run that was cut off goes on where it was, --only does
trials anew, --fresh all of them. --write puts the rows into docs/reliability.md. The exit status
is 1 when a promise was not kept.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from reliability.bench import Bench
from reliability.document import Kept, write
from reliability.row import Row
from reliability.trials import TRIALS, run_trials

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    options = _options()
    if options.list:
        sys.stdout.write("\n".join((*TRIALS, "")))
        return 0
    kept = Kept(ROOT / "var" / "reliability.json")
    if options.fresh:
        kept.forget()
    chosen = options.only or [name for name in TRIALS if name not in kept.names]
    began_s = time.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began_s:5.0f} s  {text}\n")
        sys.stdout.flush()

    bench = Bench(
        seed=options.seed,
        kills=options.count,
        lanes=options.lanes,
        quick=options.quick,
        hour=options.hour,
        say=say,
    )

    def keep(name: str, rows: tuple[Row, ...]) -> None:
        kept.keep(name, rows, _command(options, name))
        for row in rows:
            bench.tell(f"  {'kept' if row.kept else 'NOT KEPT'}: {row.promise}: {row.happened}")

    run_trials(chosen, bench, keep)
    if options.write:
        write(ROOT / "docs" / "reliability.md", kept)
    return 0 if all(row.kept for row in kept.rows()) else 1


def _command(options: argparse.Namespace, name: str) -> str:
    words = ["scripts/reliability", f"--seed {options.seed}"]
    words += [f"--{flag}" for flag in ("quick", "hour") if getattr(options, flag)]
    words += [f"--only kills --count {options.count}"] if name == "kills" else []
    return " ".join(words)


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in TRIALS]
    if unknown:
        known = ", ".join(TRIALS)
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {known}")
    return names


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/reliability", description=__doc__)
    parser.add_argument("--only", type=_names, metavar="NAME,…", help="these trials")
    parser.add_argument("--count", type=int, default=200, metavar="N", help="kills (200)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="seed of all chance (1)")
    parser.add_argument("--lanes", type=int, default=4, metavar="N", help="trials at once (4)")
    parser.add_argument("--quick", action="store_true", help="shorter faults, as in the tests")
    parser.add_argument("--hour", action="store_true", help="the device is away for an hour")
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    parser.add_argument("--write", action="store_true", help="renew docs/reliability.md")
    parser.add_argument("--list", action="store_true", help="name the trials")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
