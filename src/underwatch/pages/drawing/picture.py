"""A picture as a list of shapes, written as an SVG element of a page or as a file that stands for itself.

The same shapes are painted as PNG (`painting`), so that what is saved is what is shown. Colours have names: on a page
they are its variables, so that light, dark and paper each show them well; in a file they are those of the light page.
Okabe-Ito colours, and never colour alone. Text stays text. Nothing in a picture points outside.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import escape
from typing import Literal

COLOURS = {
    "ink": "#1a1a1a", "soft": "#555555", "grid": "#d4d4d4", "shade": "#ececec", "card": "#ffffff",
    "c0": "#d55e00", "c1": "#0072b2", "axis": "#8a8a8a", "dim": "#c4c4c4",
}  # fmt: skip
FONT = "system-ui,-apple-system,Segoe UI,Noto Sans,Noto Sans KR,DejaVu Sans,sans-serif"
SIZE, SMALL = 11.0, 9.8  # of text, in units of a picture: of titles, and of most words
NARROW = 340.0  # wide as a phone shows a figure, so that text is as large as it is written
Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]
_THIN = frozenset("iljtfr.,;:'’|!()[] -·")
_WIDE = ("W", "F")
_LARGE, _USUAL = 0.78, 0.64  # of letters, in ems; DejaVu Sans, the widest that is met, has digits of 0.64


@dataclass(frozen=True, slots=True)
class Shape:
    """A line, an area, dots of one size or words: its points, its colours by name, and what else there is to each."""

    kind: Literal["line", "area", "dots", "text"]
    points: tuple[Point, ...]
    fill: str = "none"
    stroke: str = "none"
    width: float = 1.0
    dash: tuple[float, ...] = ()
    alpha: float = 1.0
    radius: float = 0.0
    words: str = ""
    size: float = SIZE
    anchor: Anchor = "start"
    bold: bool = False
    frame: str = ""


@dataclass
class Picture:
    """Shapes on a sheet of `width` by `height` units, y downwards. `frame` is the class of those being added."""

    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)
    frame: str = ""

    def line(
        self, points: Sequence[Point], stroke: str = "ink", width: float = 1.0, dash: Sequence[float] = ()
    ) -> None:
        """Add a line through points."""
        self._add(Shape("line", tuple(points), stroke=stroke, width=width, dash=tuple(dash)))

    def area(self, points: Sequence[Point], fill: str, alpha: float = 1.0, stroke: str = "none") -> None:
        """Add a filled polygon."""
        self._add(Shape("area", tuple(points), fill, stroke, alpha=alpha))

    def box(self, corner: Point, size: Point, fill: str, alpha: float = 1.0, stroke: str = "none") -> None:
        """Add a rectangle by its upper left corner and its width and height."""
        (x, y), (w, h) = corner, size
        self.area(((x, y), (x + w, y), (x + w, y + h), (x, y + h)), fill, alpha, stroke)

    def dots(self, at: Sequence[Point], radius: float, fill: str, alpha: float = 1.0) -> None:
        """Add filled circles of one size."""
        if at:
            self._add(Shape("dots", tuple(at), fill, radius=radius, alpha=alpha))

    def rings(self, at: Sequence[Point], radius: float, stroke: str, width: float = 1.4, fill: str = "card") -> None:
        """Add circles that are not filled: one of the stroke, and a smaller one over it."""
        self.dots(at, radius, stroke)
        self.dots(at, radius - width, fill)

    def text(
        self, at: Point, words: str, size: float = SIZE, anchor: Anchor = "start", colour: str = "ink",
        bold: bool = False,
    ) -> None:  # fmt: skip
        """Add words with their baseline at a point."""
        self._add(Shape("text", (at,), colour, words=words, size=size, anchor=anchor, bold=bold))

    def put(self, other: Picture, at: Point = (0.0, 0.0)) -> None:
        """Add all shapes of another picture, its upper left corner at a point."""
        for shape in other.shapes:
            self._add(replace(shape, points=tuple((x + at[0], y + at[1]) for x, y in shape.points)))

    @contextmanager
    def framed(self, name: str) -> Iterator[None]:
        """Give what is added inside a class of its own on the page, by which the style can show it in turn."""
        before, self.frame = self.frame, name
        yield
        self.frame = before

    def _add(self, shape: Shape) -> None:
        self.shapes.append(replace(shape, frame=self.frame) if self.frame else shape)

    def svg(self, label: str) -> str:
        """Return it as an element of a page, with what it is in words for those who do not see it."""
        head = f'<svg class="chart" role="img" aria-label="{escape(label, quote=True)}"'
        size = f"{_short(self.width)} {_short(self.height)}"
        return f'{head} viewBox="0 0 {size}" font-size="{_short(SMALL)}">{self._body()}</svg>'

    def file(self) -> str:
        """Return it as a file that stands for itself, on white."""
        text = self._body().replace('"', "'")  # so that a link that holds the file is not half escapes
        for name, colour in COLOURS.items():
            text = text.replace(f"var(--{name})", colour)
        w, h = _short(self.width), _short(self.height)
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{w}' height='{h}' viewBox='0 0 {w} {h}' "
            f"font-family='{FONT}' font-size='{_short(SMALL)}' fill='{COLOURS['ink']}'>"
            f"<rect width='{w}' height='{h}' fill='#ffffff'/>{text}</svg>"
        )

    def _body(self) -> str:
        parts, frame = [], ""
        for shape in self.shapes:
            if shape.frame != frame:
                parts.append("</g>" * bool(frame) + (f'<g class="{shape.frame}">' if shape.frame else ""))
                frame = shape.frame
            parts.append(_element(shape))
        return "".join(parts) + "</g>" * bool(frame)


def _element(shape: Shape) -> str:
    if shape.kind == "text":
        return _text(shape)
    if shape.kind == "dots":
        along = "".join(f"M{_step(x, y)}h0" for x, y in _tenths(shape.points))
        look = f'stroke="{_colour(shape.fill)}" stroke-width="{_short(2 * shape.radius)}"{_opacity(shape)}'
        return f'<path d="{along}" {look} stroke-linecap="round"/>'
    look = f'fill="{_colour(shape.fill)}"'
    if shape.stroke != "none":
        look += f' stroke="{_colour(shape.stroke)}" stroke-width="{_short(shape.width)}"'
    if shape.dash:
        look += f' stroke-dasharray="{" ".join(map(_short, shape.dash))}"'
    look += _opacity(shape)
    return f'<path d="{_way(shape.points)}{"Z" if shape.kind == "area" else ""}" {look}/>'


def _way(points: Sequence[Point]) -> str:
    """Return a path to a tenth of a unit: where it begins, and the steps from there on."""
    (x, y), *rest = _tenths(points)
    steps = [f"M{_step(x, y)}"]
    for u, v in rest:
        if u != x and v != y:
            steps.append(f"l{_step(u - x, v - y)}")
        elif (u, v) != (x, y):
            steps.append(f"h{_short((u - x) / 10)}" if u != x else f"v{_short((v - y) / 10)}")
        x, y = u, v
    return "".join(steps)


def _tenths(points: Sequence[Point]) -> list[tuple[int, int]]:
    return [(round(10 * x), round(10 * y)) for x, y in points]


def _step(x: int, y: int) -> str:
    """Return two numbers of tenths as briefly as a path allows."""
    one, other = _short(x / 10), _short(y / 10)
    return f"{one}{other}" if other.startswith("-") else f"{one} {other}"


def _opacity(shape: Shape) -> str:
    return f' opacity="{_short(shape.alpha)}"' if shape.alpha != 1.0 else ""


def _text(shape: Shape) -> str:
    x, y = shape.points[0]
    look = f' font-size="{_short(shape.size)}"' if shape.size != SMALL else ""
    look += f' fill="{_colour(shape.fill)}"' if shape.fill != "ink" else ""
    look += f' text-anchor="{shape.anchor}"' if shape.anchor != "start" else ""
    look += ' font-weight="600"' if shape.bold else ""
    words = escape(shape.words, quote=False).replace('"', "&quot;")
    return f'<text x="{_short(x)}" y="{_short(y)}"{look}>{words}</text>'


def _colour(name: str) -> str:
    return name if name == "none" else f"var(--{name})"


def _short(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def width_of(words: str, size: float = SIZE, bold: bool = False) -> float:
    """Return about how wide words are, rather too wide than too narrow: fonts differ from machine to machine."""
    ems = 0.0
    for letter in words:
        if unicodedata.east_asian_width(letter) in _WIDE:
            ems += 1.0
        elif letter in _THIN:
            ems += 0.38
        else:
            ems += _LARGE if letter.isupper() or letter in "mw%—" else _USUAL
    return ems * size * (1.08 if bold else 1.0)


def wrapped(words: str, room: float, size: float = SIZE, bold: bool = False) -> list[str]:
    """Return words in lines that are no wider than `room`; a single word that is wider stays whole."""
    lines: list[str] = []
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
