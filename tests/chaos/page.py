"""The rows of docs/link.md: each from one trial, and from nothing else."""

from __future__ import annotations

from pathlib import Path

from chaos.reconnecting import LINES, worst_return_s
from chaos.run import CHANCE_OF_A_TAG, Outcome, run_trial
from chaos.scenarios import SCENARIOS, SIX_LEAD
from chaos.six_lead import SixLeadOutcome, SixLeadTrial

SHORT_SEED = 1
SHORT_SAMPLES = 35_000
"""Of one trial; all of them together are 10⁶ samples and more."""

SIX_LEAD_SAMPLES = 20_000
ABSENCES = 300

PAGE = Path(__file__).resolve().parents[2] / "docs" / "link.md"

BLOCK_HEAD = (
    "| disturbance | sent | delivered | in gaps | counted anew | wrong | wrong CRC "
    "| expected false | false | lost after | back |\n|---|---|---|---|---|---|---|---|---|---|---|"
)
SIX_LEAD_HEAD = (
    "| disturbance | sent | delivered | in gaps | wrong values | within 25 ms | farthest |\n"
    "|---|---|---|---|---|---|---|"
)
RETURN_HEAD = "| line | absences | longest from return to open |\n|---|---|---|"


def block_trial(name: str, samples: int = SHORT_SAMPLES, seed: int = SHORT_SEED) -> Outcome:
    """Run the trial of one row."""
    scenario = SCENARIOS[name]
    return run_trial(
        scenario.weather,
        samples * scenario.times,
        seed,
        sealed=scenario.sealed,
        devices=scenario.devices,
    )


def six_lead_trial(name: str) -> SixLeadOutcome:
    """Run the trial of one row."""
    return SixLeadTrial(SIX_LEAD[name].weather, SHORT_SEED).run(SIX_LEAD_SAMPLES)


def block_row(name: str, o: Outcome) -> str:
    """Return a trial as a row of the table."""
    wrong = o.wrong_gaps + o.shifted + o.twice + o.misnamed
    expected = o.candidates * CHANCE_OF_A_TAG
    cells = (
        SCENARIOS[name].words,
        *(_grouped(n) for n in (o.sent, o.delivered, o.in_gaps, o.between_counts + o.not_yet)),
        _grouped(wrong),
        _grouped(o.candidates),
        f"{expected:.1e}" if expected else "0",
        str(o.false_packets),
        str(o.lost_after),
        f"{o.back_s:.1f} s",
    )
    return "| " + " | ".join(cells) + " |"


def six_lead_row(name: str, o: SixLeadOutcome) -> str:
    """Return a trial as a row of the table."""
    cells = (
        SIX_LEAD[name].words,
        *(_grouped(n) for n in (o.sent, o.delivered, o.in_gaps, o.wrong)),
        f"{100 * o.near_share:.1f} %",
        f"{o.worst_ms:.0f} ms",
    )
    return "| " + " | ".join(cells) + " |"


def return_row(name: str) -> str:
    """Return how soon a line is open again as a row of the table."""
    worst_s = worst_return_s(LINES[name], ABSENCES, SHORT_SEED)
    return f"| {name} | {_grouped(ABSENCES)} | {worst_s:.2f} s |"


def put(mark: str, lines: list[str], page: Path = PAGE) -> None:
    """Put lines between the page's marks; ValueError where they are missing."""
    begin, end = f"<!-- {mark}: begin -->\n", f"<!-- {mark}: end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} has no {begin.strip()} … {end}")
    page.write_text(before + begin + "\n".join(lines) + "\n" + end + after, encoding="utf-8")


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")
