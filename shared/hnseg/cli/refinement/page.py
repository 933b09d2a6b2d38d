"""Table and page of a refinement: what each click changed, in millilitres, and the label map before and after it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hnseg.drawing.colours import colours_of
from hnseg.drawing.page.environment import environment_of
from hnseg.evaluation.tables import Table

if TYPE_CHECKING:
    from hnseg.refinement.change import Change, StructureChange


def changes_table(changes: Sequence[Change]) -> Table:
    """Return the table of what each click changed: one row a click, one column a structure."""
    structures = tuple(changes[0].structures) if changes else ()
    headings = ("click", "at, LPS mm", *(f"{name}, ml" for name in structures), "held back, ml", "followed", "s")
    rows = tuple(
        (
            f"{number} {change.click.in_words}",
            _point(change),
            *(_millilitres(change.structures[name]) for name in structures),
            f"{change.held_back_ml:.2f}",
            "yes" if change.is_followed else "no",
            f"{change.final_s:.2f}",
        )
        for number, change in enumerate(changes, 1)
    )
    return Table(headings, rows, naming_columns=2)


def as_page(changes: Sequence[Change], pictures: Sequence[bytes], *, name_of_model: str) -> str:
    """Return the page as HTML, without outside parts.

    Args:
        changes: Change that each click made.
        pictures: PNG of each.
        name_of_model: Name of the model, as text.
    """
    environment = environment_of("hnseg.cli.refinement")
    table, structures = changes_table(changes), tuple(changes[0].structures) if changes else ()
    colours = colours_of(range(1, len(structures) + 1)).values()
    return environment.get_template("refine.html.j2").render(
        table=table,
        legend=list(zip(structures, colours, strict=True)),
        pictures=[base64.b64encode(picture).decode() for picture in pictures],
        model=name_of_model,
    )


def _point(change: Change) -> str:
    return ", ".join(f"{value:.1f}" for value in change.click.point_mm)


def _millilitres(change: StructureChange) -> str:
    """Return a structure's volume after a click, and what was added and removed."""
    return f"{change.after_ml:.2f} (+{change.added_ml:.2f} -{change.removed_ml:.2f})"
