"""Charts that are written as SVG."""

from __future__ import annotations

from xml.etree import ElementTree

from cdp_assets.warehouse.built import Plot
from cdp_assets.warehouse.drawing import Bar, bars

_SVG = "{http://www.w3.org/2000/svg}"


def read(picture: Plot) -> tuple[list[str], list[float]]:
    """Its texts, and the widths of its bars."""
    assert picture.type == "image/svg+xml"
    sheet = ElementTree.fromstring(picture.content)
    texts = [text.text or "" for text in sheet.iter(f"{_SVG}text")]
    return texts, [float(shape.get("width", "")) for shape in sheet.iter(f"{_SVG}rect") if shape.get("rx")]


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    texts, widths = read(bars("Rows", [Bar("a", 10, "ten"), Bar("b", 5, "five"), Bar("c", 0, "none")]))
    assert texts == ["Rows", "a", "ten", "b", "five", "c", "none"]
    assert widths[0] == 2 * widths[1]
    assert widths[2] == 1.0


def test_a_full_bar_can_be_one_that_is_not_there() -> None:
    _, widths = read(bars("Share", [Bar("a", 0.5, "50%")], full=1.0))
    assert widths == [125.0]


def test_names_are_written_as_they_are_and_no_longer_than_the_sheet() -> None:
    texts, _ = read(bars("<Rows & more>", [Bar("<b>&", 1, "1"), Bar("x" * 200, 1, "1")]))
    assert texts[:2] == ["<Rows & more>", "<b>&"]
    assert texts[3] == "x" * 69 + "…"


def test_a_chart_without_bars_is_its_title() -> None:
    assert read(bars("Nothing yet", [])) == (["Nothing yet"], [])
