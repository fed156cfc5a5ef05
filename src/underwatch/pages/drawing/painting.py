"""Saving a figure as SVG and as PNG: its picture with title, caption, what the residents are and the version inside."""

from __future__ import annotations

import base64
import logging
import struct
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from underwatch.pages.drawing.picture import COLOURS, Picture, Shape, wrapped
from underwatch.texts.korean_font import has_hangul, korean_file

SHARP, COARSE = 1.5, 1.25  # pixels for a unit: of what stands in front, and of what there are many of
_MARGIN, _LEADING = 14.0, 1.35
_TITLE, _SMALL = 14.0, 9.0
_SHADES, _ALIKE = 10, 12.0  # colours of a PNG, and how far apart they are wanted (in 32nds, squared)


class Saved(NamedTuple):
    """A figure as it can be saved: its file name without the ending, and links that hold the files themselves.

    `png` is empty where no font at hand has the letters: a picture of boxes says nothing.
    """

    name: str
    svg: str
    png: str


def sheet(picture: Picture, title: str, caption: str, notes: Sequence[str]) -> Picture:
    """Return a picture between its title, its caption (a paragraph a line) and the notes that are not to be lost."""
    room = max(picture.width, 300.0)
    texts = [(line, _TITLE, True, "ink") for line in wrapped(title, room, _TITLE, True)]
    below = [(line, _SMALL, False, "ink") for part in caption.split("\n") for line in wrapped(part, room, _SMALL)]
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


def saved(name: str, whole: Picture, scale: float = SHARP) -> Saved:
    """Return a sheet as two links."""
    svg = "data:image/svg+xml," + quote(whole.file(), safe=" =:/;,()*+!~'@.-_&")
    if is_wide(whole) and not writes_korean():
        return Saved(name, svg, "")
    png = "data:image/png;base64," + base64.b64encode(png_bytes(whole, scale)).decode()
    return Saved(name, svg, png)


def is_wide(picture: Picture) -> bool:
    """Say whether words of a picture want a Korean font."""
    return has_hangul("".join(shape.words for shape in picture.shapes))


def writes_korean() -> bool:
    """Say whether a font at hand has the letters of Korean."""
    return korean_file().is_file()


def png_bytes(picture: Picture, scale: float = SHARP) -> bytes:
    """Return a picture as PNG, on white, in few colours, half a byte for a pixel: a report holds many of them."""
    pixels = _paint(picture, scale)
    height, width, _ = pixels.shape
    colours, indices = _few_colours(pixels[..., :3])
    even = np.pad(indices, ((0, 0), (0, width % 2)))
    rows = np.zeros((height, 1 + even.shape[1] // 2), np.uint8)  # each row begins with 0: it is not filtered
    rows[:, 1:] = (even[:, ::2] << 4) | even[:, 1::2]
    head = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", colours.tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 7)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _few_colours(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8[n, 3], the commonest colours that are not too alike, and for each pixel the nearest of them."""
    five = (pixels >> 3).astype(np.uint16)  # five bits of each channel
    keys = (five[..., 0] << 10) | (five[..., 1] << 5) | five[..., 2]
    counts = np.bincount(keys.ravel(), minlength=1 << 15)
    found = np.flatnonzero(counts)
    of_key = np.stack([found >> 10 & 31, found >> 5 & 31, found & 31], axis=-1)
    left, chosen = counts[found].astype(float), list[int]()
    while len(chosen) < _SHADES and left.max() > 0:
        chosen.append(int(left.argmax()))
        far = ((of_key - of_key[chosen[-1]]) ** 2).sum(axis=-1)
        left[far == 0] = 0.0
        left *= far / (far + _ALIKE)
    palette = np.zeros((_SHADES, 3), np.uint8)
    palette[: len(chosen)] = (of_key[chosen] << 3) | (of_key[chosen] >> 2)
    near = ((of_key[:, None] - of_key[chosen][None]) ** 2).sum(axis=-1).argmin(axis=1)
    lookup = np.zeros(1 << 15, np.uint8)
    lookup[found] = near
    return palette, lookup[keys]


def _paint(picture: Picture, scale: float) -> np.ndarray:
    """Return the pixels, uint8[height, width, 4]."""
    from matplotlib.backends.backend_agg import RendererAgg

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    width, height = round(picture.width * scale), round(picture.height * scale)
    agg = RendererAgg(width, height, 72 * scale)
    white = Shape("area", ((0, 0), (picture.width, 0), (picture.width, picture.height), (0, picture.height)), "card")
    for shape in (white, *picture.shapes):
        if shape.kind != "text":
            _draw(agg, shape, height, scale)
    pixels = np.array(agg.buffer_rgba())
    for shape in picture.shapes:
        if shape.kind == "text" and shape.words.strip():
            _write(pixels, shape, scale)
    return pixels


def _draw(agg: Any, shape: Shape, height: int, scale: float) -> None:
    from matplotlib.path import Path
    from matplotlib.transforms import Affine2D

    pen = agg.new_gc()
    pen.set_linewidth(shape.width * scale if shape.stroke != "none" else 0.0)
    pen.set_foreground(COLOURS.get(shape.stroke, "#000000"))
    pen.set_alpha(shape.alpha)
    pen.set_capstyle("butt")
    if shape.dash:
        pen.set_dashes(0, [part * scale for part in shape.dash])
    face = None if shape.fill == "none" else (*_rgb(COLOURS[shape.fill]), shape.alpha)
    where = Affine2D().scale(scale, -scale).translate(0, height)
    if shape.kind == "dots":
        circle = Affine2D().scale(shape.radius * scale)
        agg.draw_markers(pen, Path.unit_circle(), circle, Path(shape.points), where, face)
    elif shape.kind == "area":
        agg.draw_path(pen, Path([*shape.points, shape.points[0]], closed=True), where, face)
    else:
        agg.draw_path(pen, Path(shape.points), where, face)
    pen.restore()


def _write(pixels: np.ndarray, shape: Shape, scale: float) -> None:
    """Write words over pixels, uint8[height, width, 4]; what would stand beyond an edge is cut."""
    mask, descent = _letters(shape.words, shape.size * scale, shape.bold)
    tall, wide = mask.shape
    left = round(shape.points[0][0] * scale - {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor] * wide)
    top = round(shape.points[0][1] * scale + descent) - tall
    rows, columns = (slice(max(first, 0), max(first + n, 0)) for first, n in ((top, tall), (left, wide)))
    under = pixels[rows, columns, :3]
    cut = mask[max(-top, 0) :, max(-left, 0) :][: under.shape[0], : under.shape[1], None]
    ink = 255 * np.array(_rgb(COLOURS[shape.fill]))
    under[:] = np.round(under + (ink - under) * (cut / 255.0)).astype(np.uint8)


@lru_cache(4096)
def _letters(words: str, pixels: float, bold: bool) -> tuple[np.ndarray, float]:
    """Return words as uint8[height, width], how dark each pixel is, and how far they go below the line.

    Captions and the words at axes are the same in many pictures, and to write is most of the work.
    """
    from matplotlib.font_manager import FontProperties, findfont, get_font

    weight = "bold" if bold else "normal"
    families = [findfont(FontProperties(family="DejaVu Sans", weight=weight))]
    font = get_font([*families, str(korean_file())] if writes_korean() else families)
    font.clear()
    font.set_size(pixels, 72)
    font.set_text(words, 0.0)
    font.draw_glyphs_to_bitmap(antialiased=True)
    return np.array(font.get_image()), font.get_descent() / 64.0


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
