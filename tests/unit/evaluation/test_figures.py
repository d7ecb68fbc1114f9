"""Plots are the same bytes for the same numbers, and the page names them."""

from __future__ import annotations

from pathlib import Path

from ecgd.evaluation.figures import Figures

CURVES = {"ecgd": [(0.0, 0.8), (6.0, 0.95)], "other": [(0.0, 0.5), (6.0, 0.7)]}


def test_curves_are_drawn_with_their_names(tmp_path: Path) -> None:
    text = Figures(tmp_path, "images/accuracy").curves("noise", CURVES, x="SNR, dB", y="F1")
    assert text == "![F1 against SNR, dB](images/accuracy/noise.svg)\n"
    svg = (tmp_path / "noise.svg").read_text()
    assert "ecgd" in svg
    assert "other" in svg


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    one, two, three = (Figures(tmp_path / name, "images") for name in ("one", "two", "three"))
    for figures in (one, two):
        figures.histogram("st", [0.01, -0.3, 0.02], x="error, mV", width=0.005)
    three.histogram("st", [0.01, -0.3, -0.02], x="error, mV", width=0.005)
    drawn = [(f.folder / "st.svg").read_bytes() for f in (one, two, three)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
