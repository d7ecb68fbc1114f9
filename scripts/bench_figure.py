"""One measured figure beside its limit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement; ``ratio`` is its share of the limit, 1 or less where it is kept."""

    what: str
    measured: float
    unit: str
    limit: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        if self.limit is None:
            return None
        return self.limit / self.measured if self.more_is_better else self.measured / self.limit

    @property
    def kept(self) -> bool:
        return self.ratio is None or self.ratio <= 1


def cells(figure: Figure) -> tuple[str, str, str, str]:
    """Return what a table shows of a figure."""
    if figure.limit is None or figure.ratio is None:
        return figure.what, f"{figure.measured:.3g} {figure.unit}", "", ""
    relation = "≥" if figure.more_is_better else "≤"
    limit = f"{relation} {figure.limit:.4g} {figure.unit}"
    return figure.what, f"{figure.measured:.3g} {figure.unit}", limit, f"{figure.ratio:.2f}"


def rows(figures: list[Figure]) -> str:
    """Return a table of Markdown."""
    head = "| what | measured | limit | ratio |\n|---|---|---|---|\n"
    return head + "\n".join(f"| {' | '.join(cells(figure))} |" for figure in figures) + "\n"
