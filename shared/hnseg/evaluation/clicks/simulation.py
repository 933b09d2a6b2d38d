"""Simulation of a user: click, look at the new label map, click again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hnseg.evaluation.clicks.record import Step
from hnseg.evaluation.clicks.simulated_user import Truth, UserRules, click_of, lesion_clicks, next_click
from hnseg.evaluation.measures.comparison import compare_structure
from hnseg.imaging.geometry import LabelArray
from hnseg.imaging.prompts.click import Click, VoxelClick


@dataclass(frozen=True, eq=False)
class Answer:
    """Answer of a refinement to a click.

    Attributes:
        label_map: New label map, (z, y, x), on the grid of the truth.
        held_back_ml: Volume that was kept from changing.
        seconds: Seconds that it took.
    """

    label_map: LabelArray
    held_back_ml: float = 0.0
    seconds: float = 0.0


class Seen(NamedTuple):
    """Label map that a user has seen: the click that led to it, None for the first, and its measures."""

    click: Click | None
    step: Step
    label_map: LabelArray


Choose = Callable[[LabelArray, Sequence[VoxelClick], Sequence[VoxelClick]], VoxelClick | None]
"""Function that returns the next click on a label map, given those made and those that changed nothing; None at the
end."""


def by_errors(truth: Truth, rules: UserRules) -> Choose:
    """Return the choice of a user who clicks errors, as long as there is one that may be clicked."""
    return lambda label_map, made, ignored: next_click(label_map, truth, rules, made=made, ignored=ignored)


def by_lesions(truth: Truth) -> Choose:
    """Return the choice of a user who clicks into each lesion of the reference once, whatever is found already."""
    lesions = lesion_clicks(truth)
    return lambda _, made, __: lesions[len(made)] if len(made) < len(lesions) else None


def simulate(
    truth: Truth, start: Answer, answer_to: Callable[[Click], Answer], choose: Choose, most_clicks: int
) -> Iterator[Seen]:
    """Yield the label map that a user starts from, and that after each click.

    Args:
        truth: True label map.
        start: Label map without clicks.
        answer_to: Function that takes a click and returns the new label map.
        choose: Choice of the next click.
        most_clicks: Number of clicks after which the user stops at the latest.
    """
    made: list[VoxelClick] = []
    ignored: list[VoxelClick] = []
    seen = Seen(None, _step(start, truth), start.label_map)
    yield seen
    while len(made) < most_clicks:
        voxel_click = choose(seen.label_map, made, ignored)
        if voxel_click is None:
            return
        click = click_of(voxel_click, truth.grid)
        answer = answer_to(click)
        seen = Seen(click, _step(answer, truth, former=seen), answer.label_map)
        made.append(voxel_click)
        if not seen.step.changed_voxels:
            ignored.append(voxel_click)
        yield seen


def _step(answer: Answer, truth: Truth, *, former: Seen | None = None) -> Step:
    """Return the measures of an answer."""
    wrong = int(np.count_nonzero(answer.label_map != truth.reference))
    wrong_ml = wrong * truth.grid.voxel_volume_mm3 / 1000
    return Step(
        structures={
            name: compare_structure(answer.label_map, truth.reference, label, truth.grid)
            for name, label in truth.labels.items()
        },
        wrong_ml=wrong_ml,
        does_harm=former is not None and wrong_ml > former.step.wrong_ml,
        changed_voxels=0 if former is None else int(np.count_nonzero(answer.label_map != former.label_map)),
        held_back_ml=answer.held_back_ml,
        seconds=round(answer.seconds, 3),
    )
