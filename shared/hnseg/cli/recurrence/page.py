"""Page of a comparison: tables, the curve and the sweep, and pictures of patients; one file without outside parts."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from hnseg.cli.recurrence.pictures import PatientPicture
from hnseg.drawing.page.environment import environment_of
from hnseg.drawing.volumes import REFERENCE_COLOUR, method_colours
from hnseg.evaluation.recurrence.comparison import Comparison
from hnseg.evaluation.recurrence.picture import captures_png
from hnseg.evaluation.recurrence.tables import (
    captures_table,
    differences_table,
    explanation,
    intervals_table,
    methods_table,
)
from hnseg.version import __version__


def as_page(comparison: Comparison, pictures: Sequence[PatientPicture]) -> str:
    """Return the page as HTML.

    Args:
        comparison: Comparison to show.
        pictures: Pictures of patients, in their order.
    """
    environment = environment_of("hnseg.cli.recurrence")
    names = [method.name for method in comparison.methods]
    colours = method_colours(names)
    return environment.get_template("recurrence.html.j2").render(
        counts=comparison.methods[0].report.overall,
        names=names,
        tables={
            "Methods": methods_table(comparison),
            "95 % intervals, by the bootstrap over patients": intervals_table(comparison),
            "Differences of the first method": differences_table(comparison),
            "Captured origins of the first method and the others": captures_table(comparison),
        },
        lines=explanation(comparison),
        summary=_summary(comparison),
        curve=base64.b64encode(captures_png(comparison, colours)).decode(),
        legend={"reference, filled": REFERENCE_COLOUR, **colours},
        pictures=[(one, base64.b64encode(one.png).decode()) for one in pictures],
        version=__version__,
    )


def _summary(comparison: Comparison) -> str:
    """Return the methods' table as Markdown, with the number of patients, to be pasted."""
    counts = comparison.methods[0].report.overall
    title = f"Recurrence volumes of {counts['patients']} patients, {counts['origins']} recurrences, hnseg {__version__}"
    return f"{title}\n\n{methods_table(comparison).as_markdown()}\n"
