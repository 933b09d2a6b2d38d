"""Colours of a map of numbers, from dark to light, and the bar that tells which number each of them is.

The colours are nine of inferno, by Stéfan van der Walt and Nathaniel Smith (CC0), whose lightness rises evenly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageColor, ImageDraw, ImageFont

WIDTH = 104
"""Width of a bar with its numbers, in pixels."""

_STOPS = ("#000004", "#210c4a", "#57106e", "#8a226a", "#bc3754", "#e45a31", "#f98e09", "#f9cb35", "#fcffa4")
_BAR, _LEFT, _MARGIN = 18, 12, 24  # pixels: width of the colours, gap before them, and gap above and below
_FONT_SIZE = 13


def coloured(values: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32]:
    """Return the colours (..., 3) of values, 0 to 255, for values from 0 to 1; others get that of the nearer end."""
    stops = np.array([ImageColor.getrgb(stop) for stop in _STOPS], np.float32)
    places = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(values, places, channel) for channel in stops.T], axis=-1).astype(np.float32)


def draw_bar(height: int, top: float, largest: float, *, unit: str) -> Image.Image:
    """Draw the colours from 0, at the bottom, to the number at the top, with the largest one that occurs marked.

    Args:
        height: Height in pixels.
        top: Number of the lightest colour; larger ones have it too.
        largest: Largest number that occurs.
        unit: Unit of the numbers, written above.
    """
    over = ">" if largest > top else ""
    bar = draw_ticked_bar(height, {0.0: "0", 1.0: f"{over}{top:.2f}"}, unit=unit)
    length, right = height - 2 * _MARGIN, _LEFT + _BAR
    draw, font = ImageDraw.Draw(bar), ImageFont.load_default(_FONT_SIZE)
    mark_y, words_y = (
        _MARGIN + (1 - part) * (length - 1)
        for part in (min(largest / top, 1), min(max(largest / top, 0.1), 0.9))  # beside the ends' own numbers
    )
    draw.line((right, mark_y, right + 7, words_y), fill="white")
    draw.text((right + 9, words_y), f"max {largest:.2f}", fill="white", font=font, anchor="lm")
    return bar


def draw_ticked_bar(height: int, ticks: Mapping[float, str], *, unit: str) -> Image.Image:
    """Draw the colours from 0, at the bottom, to 1 at the top, with words at some of them.

    Args:
        height: Height in pixels.
        ticks: Words by their place, from 0 to 1.
        unit: Unit of the numbers, written above.
    """
    bar = Image.new("RGB", (WIDTH, height))
    length, right = height - 2 * _MARGIN, _LEFT + _BAR
    rows = coloured(np.linspace(1, 0, length)).round().astype(np.uint8)
    bar.paste(Image.fromarray(np.repeat(rows[:, np.newaxis], _BAR, axis=1)), (_LEFT, _MARGIN))
    draw, font = ImageDraw.Draw(bar), ImageFont.load_default(_FONT_SIZE)
    draw.text((_LEFT, _MARGIN / 2), unit, fill="white", font=font, anchor="lm")
    draw.rectangle((_LEFT - 1, _MARGIN - 1, right, _MARGIN + length), outline="#808080")
    for place, words in ticks.items():
        y = _MARGIN + (1 - place) * (length - 1)
        draw.line((right, y, right + 5, y), fill="white")
        draw.text((right + 9, y), words, fill="white", font=font, anchor="lm")
    return bar
