"""Drawing for a page: an empty figure in the house style, and a figure as an SVG element.

Okabe-Ito colours, and never colour alone: worlds differ by dash and marker too. Colours are written as variables of
the page, so that light, dark and paper each show them well. Text stays text. Nothing in a chart points outside.
"""

from __future__ import annotations

import logging
import re
import warnings
from html import escape
from io import StringIO
from typing import Any

import numpy as np

from underwatch.texts.korean_font import FAMILY
from underwatch.texts.languages import KOREAN

# Drawn in these colours and shown in the page's: Okabe-Ito vermilion and blue in the light, orange and sky in the dark
WORLD_COLOURS = ("#d55e00", "#0072b2")
INK, GRID, SHADE = "#111111", "#c8c8c9", "#ececed"
_PAGE_COLOURS = {"#d55e00": "var(--c0)", "#0072b2": "var(--c1)", INK: "currentColor", GRID: "var(--grid)",
                 SHADE: "var(--shade)"}  # fmt: skip
DASHES = ("-", (0, (4, 2)))
MARKERS = ("o", "s")
_WIDTH, _HEIGHT = 4.6, 2.9  # inches at 72 points: small, so that a phone shows the text at full size
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "underwatch",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 10.5,
    "path.simplify": True,
    "timezone": "UTC",  # rcdefaults leaves the user's; a day begins at the same place of the axis everywhere
}


def canvas(rows: int = 1, height: float = _HEIGHT) -> tuple[Any, Any]:
    """Return an empty figure and its axes, without the state of pyplot."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    axes = figure.subplots(rows, 1, sharex=rows > 1)
    figure.patch.set_alpha(0.0)
    for axis in np.atleast_1d(axes):
        axis.patch.set_alpha(0.0)
        axis.grid(axis="y")
        axis.set_axisbelow(True)
    return figure, axes


def styled(draw: Any) -> Any:
    """Let a chart be drawn in the house style, whatever style the user's own matplotlib has.

    Text stays text, so that a letter that matplotlib does not have is no fault: the page shows it.
    """

    def drawn(*arguments: Any, **named: Any) -> Any:
        import matplotlib

        is_korean = any(isinstance(one, str) and one == KOREAN for one in (*arguments, *named.values()))
        with matplotlib.rc_context(), warnings.catch_warnings():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_STYLE)
            if is_korean:
                matplotlib.rcParams["font.sans-serif"] = [*_STYLE["font.sans-serif"], FAMILY]
                warnings.filterwarnings("ignore", "Glyph .* missing from font")
            return draw(*arguments, **named)

    return drawn


def inline_svg(figure: Any, key: str, label: str) -> str:
    """Return a figure as an SVG element for a page: no header, no address, ids of its own, colours of the page.

    The canvas writes it: `savefig` comes to the same bytes and draws each figure twice, once for its layout alone.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    sink = StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    FigureCanvasSVG(figure).print_svg(sink, metadata=nothing)
    text = sink.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", text, flags=re.S)
    box = re.search(r'viewBox="([^"]+)"', text)
    body = text[text.index(">") + 1 :]
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', body))
    body = re.sub(r' id="([^"]+)"', lambda m: f' id="{key}-{m[1]}"' if m[1] in used else "", body)
    body = re.sub(r'(href="|url\()#', rf"\1#{key}-", body).replace("xlink:href", "href")
    body = body.replace(f"'DejaVu Sans', '{FAMILY}'", f"'{FAMILY}', 'DejaVu Sans'")  # a page asks for its own first
    for drawn, shown in _PAGE_COLOURS.items():
        body = re.sub(re.escape(drawn), shown, body, flags=re.I)
    body = re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), body)
    body = re.sub(r"\n\s*", "\n", body)
    view = box[1] if box else ""
    return f'<svg class="chart" role="img" aria-label="{escape(label, quote=True)}" viewBox="{view}">{body}'.strip()
