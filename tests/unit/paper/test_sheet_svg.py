"""A sheet as SVG: well formed whatever it says, with nothing from elsewhere."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np

from ecgd.paper.sheet import Box, Dot, Grid, Line, Sheet, Stamp, Words
from ecgd.paper.svg import sheet_svg

NAME = "{http://www.w3.org/2000/svg}"


def drawn(*shapes: object) -> ET.Element:
    return ET.fromstring(sheet_svg(Sheet(100, 200, "a <b> & 'c'", shapes)))  # type: ignore[arg-type]


def test_every_shape_is_drawn_in_its_place() -> None:
    root = drawn(
        Grid(0.0, 40.0, 100.0, 80.0, 8.0),
        Box(1.0, 2.0, 3.0, 4.0, "#123456"),
        Line(np.array([[0.0, 1.0], [2.5, 3.25]]), "#000000", 2.0),
        Dot(5.0, 6.0, 3.5, "#ff0000"),
        Stamp(50.0, 100.0, "TEST", 30.0),
    )
    assert root.get("viewBox") == "0 0 100 200"
    assert root.findtext(f"{NAME}title") == "a <b> & 'c'"
    [paper] = root.findall(f"{NAME}g")
    assert paper.get("transform") == "translate(0 40)", "its squares begin at its corner"
    sizes = {each.get("id"): each.get("width") for each in root.iter(f"{NAME}pattern")}
    assert sizes == {"s": "8", "p": "40"}
    [line] = root.iter(f"{NAME}polyline")
    assert line.get("points") == "0.0,1.0 2.5,3.2"
    [dot] = root.iter(f"{NAME}circle")
    assert (dot.get("cx"), dot.get("cy"), dot.get("r")) == ("5", "6.0", "3.5")
    [stamp] = root.findall(f"{NAME}text")
    assert "rotate(-30)" in str(stamp.get("transform"))


def test_words_cannot_become_markup() -> None:
    root = drawn(Words(1.0, 2.0, "<script>&'\"</script>", 20.0, bold=True, centred=True))
    [words] = root.findall(f"{NAME}text")
    assert words.text == "<script>&'\"</script>"
    assert words.get("text-anchor") == "middle"
    assert not list(root.iter(f"{NAME}script"))
