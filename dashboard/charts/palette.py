"""One colour and one shape a class, the same on every page: Okabe & Ito's colour-blind-safe set (2008)."""

from collections.abc import Sequence
from typing import Final

import altair as alt

__all__ = ["ACCENT", "NEUTRAL", "OKABE_ITO", "RIGHT", "SHAPES", "WRONG", "class_colour", "class_scale", "shape_scale"]

OKABE_ITO: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999")
SHAPES: Final = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left")
ACCENT: Final = "#0072B2"
NEUTRAL: Final = "#8c8c8c"
RIGHT: Final = "#0072B2"
WRONG: Final = "#D55E00"


def class_colour(name: str, classes: Sequence[str]) -> str:
    """Return the colour of a class: by its place among the sorted class names, so that it never changes."""
    order = sorted(classes)
    return OKABE_ITO[order.index(name) % len(OKABE_ITO)] if name in order else NEUTRAL


def class_scale(classes: Sequence[str]) -> alt.Scale:
    """Return the colour scale of these classes."""
    order = sorted(classes)
    return alt.Scale(domain=order, range=[class_colour(name, order) for name in order])


def shape_scale(classes: Sequence[str]) -> alt.Scale:
    """Return the shape scale of these classes."""
    order = sorted(classes)
    return alt.Scale(domain=order, range=[SHAPES[i % len(SHAPES)] for i in range(len(order))])
