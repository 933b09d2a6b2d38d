"""Colours of the labels, the same in pictures, legends and tables."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable

# Okabe and Ito's colours, told apart with any kind of colour vision; black and grey left out.
FEW = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2")

_GOLDEN_TURN = (5**0.5 - 1) / 2  # of the colour circle: neighbours in the list get far apart, and none comes twice
_LIGHTNESSES = (0.58, 0.72, 0.50)


def colours_of(labels: Iterable[int]) -> dict[int, str]:
    """Return a colour for each label, #rrggbb.

    Up to seven labels get colours that are told apart with any kind of colour vision, more get a hue each.
    """
    ordered = sorted(labels)
    if len(ordered) <= len(FEW):
        return dict(zip(ordered, FEW, strict=False))
    return {label: _hue(place) for place, label in enumerate(ordered)}


def _hue(place: int) -> str:
    lightness = _LIGHTNESSES[place % len(_LIGHTNESSES)]
    colour = colorsys.hls_to_rgb((0.08 + place * _GOLDEN_TURN) % 1.0, lightness, 0.9)
    return "#{:02x}{:02x}{:02x}".format(*(round(part * 255) for part in colour))
