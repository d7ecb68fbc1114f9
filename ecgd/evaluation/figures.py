"""Plots beside the page of figures, as SVG that is the same for the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE_INCH: Final = (6.4, 3.4)
MARKERS: Final = "osv^Dx+"

Curve = Sequence[tuple[float, float]]
"""Points (x, y)."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Draws into ``folder``, which the page names as ``link``."""

    folder: Path
    link: str

    def curves(
        self,
        name: str,
        curves: Mapping[str, Curve],
        *,
        x: str,
        y: str,
        diagonal: bool = False,
        limits: tuple[float, float] | None = None,
    ) -> str:
        """Draw curves against each other and return the Markdown that shows them.

        ``diagonal`` adds the line of a perfect calibration, ``limits`` are those of y.
        """
        figure, axes = self._begin()
        for marker, (label, points) in zip(MARKERS * 4, curves.items(), strict=False):
            axes.plot(*zip(*points, strict=True), marker=marker, markersize=4, label=label)
        if diagonal:
            axes.plot([0, 1], [0, 1], color="grey", linestyle=":", linewidth=1)
        if limits is not None:
            axes.set_ylim(*limits)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
        return self._end(figure, name, f"{y} against {x}")

    def histogram(self, name: str, values: Sequence[float], *, x: str, width: float) -> str:
        """Draw how often errors are how large, outliers in the outermost bars."""
        figure, axes = self._begin()
        edges = [k * width for k in range(-12, 13)]
        axes.hist([min(max(v, edges[0]), edges[-1]) for v in values], bins=edges)
        axes.axvline(0.0, color="black", linewidth=0.8)
        axes.set_xlabel(x)
        axes.set_ylabel("count")
        axes.grid(alpha=0.3)
        return self._end(figure, name, f"How often {x} is how large")

    def _begin(self) -> tuple[object, Axes]:
        import matplotlib as mpl  # noqa: PLC0415 - of the extra eval

        mpl.use("Agg")
        mpl.rcParams["svg.hashsalt"] = "ecgd"
        mpl.rcParams["svg.fonttype"] = "none"
        from matplotlib import pyplot as plt  # noqa: PLC0415

        return plt.subplots(figsize=SIZE_INCH, layout="constrained")

    def _end(self, figure: object, name: str, words: str) -> str:
        from matplotlib import pyplot as plt  # noqa: PLC0415

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.svg"
        plt.figure(figure.number)  # type: ignore[attr-defined]
        plt.savefig(path, metadata={"Date": None, "Creator": None})
        plt.close()
        path.write_text(_tidy(path.read_text(encoding="utf-8")), encoding="utf-8")
        return f"![{words}]({self.link}/{name}.svg)\n"


def _tidy(svg: str) -> str:
    """Return the text without spaces at the ends of lines."""
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"
