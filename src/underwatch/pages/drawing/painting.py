"""Saving a figure as SVG and as PNG: its picture with title, caption, what the residents are and the version inside."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from underwatch.pages.drawing.picture import COLOURS, Picture, Shape, wrapped

_SCALE = 1.8  # pixels for a unit: sharp on a screen and in print
_MARGIN, _LEADING = 14.0, 1.35
_TITLE, _SMALL = 14.0, 9.5
_FONTS = ["DejaVu Sans"]
_SHADES = 16  # colours of a PNG: half a byte a pixel


class Saved(NamedTuple):
    """A figure as it can be saved: its file name without the ending, and links that hold the files themselves."""

    name: str
    svg: str
    png: str


def sheet(picture: Picture, title: str, caption: str, notes: Sequence[str]) -> Picture:
    """Return a picture between its title, its caption and the notes that are not to be lost."""
    room = max(picture.width, 300.0)
    texts = [(line, _TITLE, True, "ink") for line in wrapped(title, room, _TITLE, True)]
    below = [(line, _SMALL, False, "ink") for line in wrapped(caption, room, _SMALL)]
    for note in notes:
        below += [(line, _SMALL, False, "soft") for line in wrapped(note, room, _SMALL)]
    top = _MARGIN + sum(size * _LEADING for _, size, *_ in texts)
    height = top + picture.height + sum(size * _LEADING for _, size, *_ in below) + 1.6 * _MARGIN
    result = Picture(room + 2 * _MARGIN, height)
    y = _MARGIN
    for line, size, bold, colour in texts:
        y += size * _LEADING
        result.text((_MARGIN, y - 3), line, size, colour=colour, bold=bold)
    result.put(picture, (_MARGIN, top + 4))
    y = top + picture.height + 6
    for line, size, bold, colour in below:
        y += size * _LEADING
        result.text((_MARGIN, y), line, size, colour=colour, bold=bold)
    return result


def saved(name: str, whole: Picture) -> Saved:
    """Return a sheet as two links."""
    svg = "data:image/svg+xml," + quote(whole.file(), safe=" =:/;,()*+!~'@.-_#".replace("#", ""))
    png = "data:image/png;base64," + base64.b64encode(png_bytes(whole)).decode()
    return Saved(name, svg, png)


def png_bytes(picture: Picture) -> bytes:
    """Return a picture as PNG, on white."""
    from PIL import Image

    pixels = _paint(picture)
    image = Image.fromarray(pixels).convert("RGB").quantize(_SHADES, method=Image.Quantize.MAXCOVERAGE)
    sink = BytesIO()
    image.save(sink, "PNG", compress_level=6, bits=4)
    return sink.getvalue()


def _paint(picture: Picture) -> np.ndarray:
    """Return the pixels, uint8[height, width, 4]."""
    from matplotlib.backends.backend_agg import RendererAgg

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    width, height = round(picture.width * _SCALE), round(picture.height * _SCALE)
    agg = RendererAgg(width, height, 72 * _SCALE)
    white = Shape("area", ((0, 0), (picture.width, 0), (picture.width, picture.height), (0, picture.height)), "card")
    for shape in (white, *picture.shapes):
        if shape.kind == "text":
            _write(agg, shape, height)
        else:
            _draw(agg, shape, height)
    return np.asarray(agg.buffer_rgba())


def _draw(agg: Any, shape: Shape, height: int) -> None:
    from matplotlib.path import Path
    from matplotlib.transforms import Affine2D

    pen = agg.new_gc()
    pen.set_linewidth(shape.width * _SCALE if shape.stroke != "none" else 0.0)
    pen.set_foreground(COLOURS.get(shape.stroke, "#000000"))
    pen.set_alpha(shape.alpha)
    pen.set_capstyle("butt")
    if shape.dash:
        pen.set_dashes(0, [part * _SCALE for part in shape.dash])
    face = None if shape.fill == "none" else (*_rgb(COLOURS[shape.fill]), shape.alpha)
    where = Affine2D().scale(_SCALE, -_SCALE).translate(0, height)
    if shape.kind == "dots":
        circle = Affine2D().scale(shape.radius * _SCALE)
        agg.draw_markers(pen, Path.unit_circle(), circle, Path(shape.points), where, face)
    elif shape.kind == "area":
        agg.draw_path(pen, Path([*shape.points, shape.points[0]], closed=True), where, face)
    else:
        agg.draw_path(pen, Path(shape.points), where, face)
    pen.restore()


def _write(agg: Any, shape: Shape, height: int) -> None:
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family=_FONTS, size=shape.size, weight="bold" if shape.bold else "normal")
    pen = agg.new_gc()
    pen.set_foreground(COLOURS[shape.fill])
    x, y = shape.points[0]
    left = x * _SCALE
    if shape.anchor != "start":
        wide, _, _ = agg.get_text_width_height_descent(shape.words, font, False)
        left -= wide * (0.5 if shape.anchor == "middle" else 1.0)
    agg.draw_text(pen, left, y * _SCALE, shape.words, font, 0)
    pen.restore()


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
