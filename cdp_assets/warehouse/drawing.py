"""Pictures that are written as SVG: a plotting library takes a tenth of a second for each, and some are drawn by every
run, for a thousand segments, or before a delivery that waits for them.

Belongs here: sheets and bars, in pixels. Does not belong here: what they show, and charts that need scales, for which
there is `built.plot`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from cdp_assets.warehouse.built import Plot

_BAR, _ROW, _TOP, _GAP = 250, 18, 26, 8
_CHARACTER = 5.6
"""Width of a character of the font, roughly; a name that needs more runs out of the sheet on its left."""
_LONGEST = 70


@dataclass(frozen=True)
class Bar:
    """A bar of a chart.

    Args:
        name: Written on its left.
        value: Its length, not negative.
        text: Written at its end.
        colour: Its colour.
    """

    name: str
    value: float
    text: str
    colour: str = "#4c72b0"


def drawing(width: int, height: int, shapes: str) -> Plot:
    """Metadata shown as a picture that is written as SVG: shapes and texts on a white sheet, sizes in pixels."""
    return Plot(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" '
        f'font-size="10" fill="#555"><rect width="100%" height="100%" fill="#fff"/>{shapes}</svg>'.encode(),
        "image/svg+xml",
    )


def bars(title: str, chart: Sequence[Bar], full: float | None = None) -> Plot:
    """A chart of horizontal bars, the first at the top.

    Args:
        title: Written above them.
        chart: The bars.
        full: The value whose bar takes all the width; without it, the greatest.
    """
    most = full or max((bar.value for bar in chart), default=0) or 1
    left = round(_CHARACTER * max((min(len(bar.name), _LONGEST) for bar in chart), default=0)) + 2 * _GAP
    right = round(_CHARACTER * max((len(bar.text) for bar in chart), default=0)) + 2 * _GAP
    shapes = [f'<text x="{left}" y="15" font-size="11" fill="#222">{escape(title)}</text>']
    for y, bar in ((_TOP + _ROW * place, bar) for place, bar in enumerate(chart)):
        name = bar.name if len(bar.name) <= _LONGEST else bar.name[: _LONGEST - 1] + "…"
        length = _BAR * bar.value / most
        shapes.append(
            f'<text x="{left - _GAP}" y="{y + 11}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{left}" y="{y}" height="{_ROW - 5}" rx="2" fill="{bar.colour}" width="{max(1.0, length):.1f}"/>'
            f'<text x="{left + length + 6:.1f}" y="{y + 11}">{escape(bar.text)}</text>'
        )
    title_ends = left + round(1.1 * _CHARACTER * len(title)) + _GAP
    return drawing(max(left + _BAR + right, title_ends), _TOP + _ROW * len(chart) + 4, "".join(shapes))
