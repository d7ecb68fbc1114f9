"""Disturb a line in every way there is, and hold what the receiver delivers against the truth.

usage: .venv/bin/python scripts/chaos [--only NAME,…] [--seed N] [--samples N] [--long] [--write]
           [--list]

Without --long each disturbance gets one short trial, 10⁶ samples in all: the same rows as in
docs/link.md, which --write renews. --long goes on with other seeds until 10⁸ samples were sent
(--samples for another number): it takes most of an hour on two processors, keeps what it has in
var/chaos.json and goes on there when it was cut off. The exit status is 1 when a sample was not
accounted for, stood where it does not belong, or a false packet was accepted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chaos.long_run import LongRun, long_lines
from chaos.page import (
    BLOCK_HEAD,
    RETURN_HEAD,
    SHORT_SEED,
    SIX_LEAD_HEAD,
    block_row,
    block_trial,
    put,
    return_row,
    six_lead_row,
    six_lead_trial,
)
from chaos.reconnecting import LINES
from chaos.scenarios import SCENARIOS, SIX_LEAD

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    options = _options()
    if options.list:
        _say(*SCENARIOS, *SIX_LEAD)
        return 0
    if options.long:
        run = LongRun(ROOT / "var" / "chaos.json", options.samples, options.seed)
        well = run.go_on(options.only, _say)
        if options.write:
            put("long run", long_lines(run))
        return 0 if well else 1
    return 0 if _short(options) else 1


def _short(options: argparse.Namespace) -> bool:
    well, rows, six_lead = True, [BLOCK_HEAD], [SIX_LEAD_HEAD]
    for name in options.only or SCENARIOS:
        if name in SCENARIOS:
            outcome = block_trial(name, seed=options.seed)
            well &= outcome.adds_up
            rows.append(block_row(name, outcome))
            _say(rows[-1])
    for name in options.only or SIX_LEAD:
        if name in SIX_LEAD:
            six_lead.append(six_lead_row(name, six_lead_trial(name)))
            _say(six_lead[-1])
    if options.write:
        put("short run", rows)
        put("six-lead", six_lead)
        put("return", [RETURN_HEAD, *(return_row(name) for name in LINES)])
    return well


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _names(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in SCENARIOS | SIX_LEAD]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; see --list")
    return names


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--only", type=_names, metavar="NAME,…", help="these disturbances")
    parser.add_argument("--seed", type=int, default=SHORT_SEED, metavar="N", help="(1)")
    parser.add_argument("--samples", type=float, default=1e8, metavar="N", help="of --long (1e8)")
    parser.add_argument("--long", action="store_true", help="until so many samples were sent")
    parser.add_argument("--write", action="store_true", help="renew docs/link.md")
    parser.add_argument("--list", action="store_true", help="name the disturbances")
    options = parser.parse_args()
    if options.write and (options.only or options.seed != SHORT_SEED):
        parser.error("--write needs all disturbances and the usual seed")
    return options


if __name__ == "__main__":
    sys.exit(main())
