"""Session of a refinement: a label map, the clicks on it so far, and what each of them changed.

    session = RefinementSession(ensemble, channels)
    change = session.add(Click("GTVn", True, (12.0, -40.5, 331.0)))
    session.undo()

After a click only a window of the patch's size around it is seen again, by one fold first and by the others after; all
else is kept. The same clicks in the same order give the same bits on a processor, and `undo` gives back the very label
map that was there before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.box import Slices, whole
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.labels import in_words
from hnseg.imaging.prompts.click import Click, VoxelClick
from hnseg.inference.drawn_clicks import structure_at
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.labelling.label_plane import Labels
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import FULL_EFFORT, Effort
from hnseg.inference.predictor import start_prediction
from hnseg.progress.work_done import Progress
from hnseg.refinement.change import Change, structure_changes
from hnseg.refinement.click_window import ClickWindow
from hnseg.refinement.guard import ClickPlace, Guard, allowed
from hnseg.refinement.label_change import LabelChange
from hnseg.refinement.network_image import NetworkImage
from hnseg.refinement.window_networks import WindowNetworks

OnFirst = Callable[[Change], None]
"""Function that gets the change by the first fold, while the session's label map is that fold's."""
Start = sitk.Image | Literal["automatic", "empty"]
"""Label map that a session starts from: one that was saved, the networks' without clicks, or background only."""


class _Answer(NamedTuple):
    """Labels that the networks give part of the session's array."""

    labels: Labels
    part: Slices


@dataclass(frozen=True)
class _Step:
    """Click that was taken: on the network's grid, what it changed, and the labels that changed."""

    drawn: VoxelClick
    change: Change
    labels: LabelChange


class RefinementSession:
    """Refinement of one image's label map, click by click."""

    def __init__(
        self,
        ensemble: Ensemble,
        channels: Channels,
        *,
        start: Start = "automatic",
        guard: Guard | None = Guard(),  # noqa: B008 (a frozen value)
        effort: Effort = FULL_EFFORT,
        progress: Progress | None = None,
    ) -> None:
        """Preprocess the image, and make the label map to start from.

        Args:
            ensemble: Trained networks with channels for clicks, loaded.
            channels: Image channels of the case, in the order of the model's, without clicks.
            start: Label map to start from; a saved one must be on the channels' grid.
            guard: What a click may change. None lets it change everything: the whole image is predicted again with all
                clicks, as a container would do.
            effort: Most that may be done for a prediction, such as mirrored copies.
            progress: Function that gets the work done of each prediction of the whole image; None for none.

        Raises:
            ModelError: The model can't be refined by clicks, or the number of channels is not its number of images.
            InputError: The image can't be used, or a saved label map is on another grid or has other labels.
        """
        self._ensemble, self._guard, self._effort, self._progress = ensemble, guard, effort, progress
        dataset = ensemble.bundle.dataset
        self._values = {name: value for value, name in enumerate(dataset.output_names) if value}
        self._image = NetworkImage.of(ensemble.bundle, channels)
        self._networks = WindowNetworks.of(ensemble, self._image.target.placement, effort)
        self._grid = channels.grid
        self._channels = channels if guard is None else None
        self._labels = self._first_labels(channels, start)
        self._frame = self._labels if guard is None else self._image.target.planes_in(self._labels)
        voxels = np.bincount(self._labels.ravel(), minlength=1 + len(self._values))
        self._voxels = {value: int(count) for value, count in enumerate(voxels)}
        self._steps: list[_Step] = []
        self._undone: list[_Step] = []

    @property
    def label_map(self) -> sitk.Image:
        """Copy of the label map as it is, on the channels' grid."""
        return image_of(self._labels, self._grid)

    @property
    def clicks(self) -> tuple[Click, ...]:
        """Clicks so far, with the structures that they were taken for."""
        return tuple(step.change.click for step in self._steps)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Change that each click made."""
        return tuple(step.change for step in self._steps)

    def add(self, click: Click, on_first: OnFirst | None = None) -> Change:
        """Take a click, and change the label map by it.

        Args:
            click: Click on the image. Of no structure: the one that the label map has there; where that is background,
                the most probable one, by the first fold without clicks.
            on_first: Function called with the change by the first fold, before the others' turn; see `OnFirst`. Without
                a guard that fold sees the whole image for it, and again among all folds.

        Returns:
            The final change.

        Raises:
            InputError: The click is not in the image, or of a structure that has no clicks.
            ModelError: The networks' logits are not finite.
        """
        started_s = time.monotonic()
        meant = self._resolved(click)
        answers = self._answers(meant) if self._channels is None else self._whole_answers(meant, on_first)
        step = self._step(meant, next(answers), started_s)
        if on_first is not None:
            self._show(step, on_first)
        for answer in answers:
            step = self._step(meant, answer, started_s, first_s=step.change.first_s)
        self._do(step)
        self._undone.clear()
        return step.change

    def undo(self) -> Change | None:
        """Take back the last click, and return its change; None where there is no click."""
        if not self._steps:
            return None
        step = self._steps.pop()
        step.labels.revert(self._frame)
        self._count(step, -1)
        self._undone.append(step)
        return step.change

    def redo(self) -> Change | None:
        """Repeat the click that was undone last, without the networks, and return its change; None without one."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._do(step)
        return step.change

    def reset(self) -> None:
        """Go back to the label map that the session started from, without clicks."""
        while self._steps:
            self.undo()
        self._undone.clear()

    def _first_labels(self, channels: Channels, start: Start) -> Labels:
        """Return the array of the label map to start from."""
        if start == "automatic":
            return array_of(self._whole_prediction(channels))
        if isinstance(start, sitk.Image):
            return self._saved_labels(start)
        return np.zeros(self._grid.shape_zyx, np.uint8)

    def _saved_labels(self, label_map: sitk.Image) -> Labels:
        if difference := Grid.of(label_map).differences(self._grid):
            raise InputError(
                f"A label map to start from must be on the image's grid, but it has {difference} of the image."
                " Does it belong to another image?"
            )
        labels = array_of(label_map)
        if others := sorted(set(np.unique(labels).tolist()) - {0, *self._values.values()}):
            raise InputError(
                f"A label map to start from must have the model's labels {in_words(self._labels_by_value)} and 0 only,"
                f" but it has {', '.join(map(str, others))}. Is it of another model?"
            )
        return labels.astype(np.uint8)

    @property
    def _labels_by_value(self) -> dict[int, str]:
        return {value: name for name, value in self._values.items()}

    def _whole_prediction(self, channels: Channels, *, most_folds: int | None = None) -> sitk.Image:
        """Return the label map that the networks give the whole image, as a container does."""
        effort = replace(self._effort, most_folds=most_folds)
        prediction = start_prediction(
            self._ensemble, channels, Deadline.never(), effort=effort, progress=self._progress
        )
        return prediction.predict().label_map

    def _resolved(self, click: Click) -> Click:
        """Return a click that names its structure."""
        structures = self._image.encoding.structures
        if click.structure in structures:
            self._image.frame_index(click.point_mm)
            return click
        if click.structure is not None:
            raise InputError(
                f"A click must be of {', '.join(structures)}, which this model has channels for, but it is of"
                f" {click.structure}. Is it spelt as the model's structure?"
            )
        own = self._labels_by_value.get(self._label_at(click))
        return replace(click, structure=own if own in structures else self._most_probable(click))

    def _most_probable(self, click: Click) -> str:
        """Return the structure that is most probable at a click, of those that have clicks."""
        image = self._image
        index = image.target.placement.network_index(click.point_mm)
        return structure_at(image.volume[(slice(None), *image.inner)], index, self._networks.execution, image.encoding)

    def _whole_answers(self, click: Click, on_first: OnFirst | None) -> Iterator[_Answer]:
        """Yield the networks' labels of the whole image with one more click: of the first fold if asked, and of all."""
        assert self._channels is not None
        channels = replace(self._channels, clicks=(*self.clicks, click))
        if on_first is not None and self._networks.folds > 1:
            yield _Answer(array_of(self._whole_prediction(channels, most_folds=1)), whole(self._grid).slices)
        yield _Answer(array_of(self._whole_prediction(channels)), whole(self._grid).slices)

    def _answers(self, click: Click) -> Iterator[_Answer]:
        """Yield the networks' labels of a window with one more click: of the first fold, then of all of them."""
        drawn = [*(step.drawn for step in self._steps), self._image.voxel_click(click)]
        window = ClickWindow.around(self._image, drawn[-1].index_zyx)
        tile, folds = window.tile(drawn), self._networks.folds
        first = self._networks.logits(tile, (0,))
        yield _Answer(window.labels(first), window.part.slices)
        if folds > 1:
            others = self._networks.logits(tile, range(1, folds))
            mean = np.asarray((first + (folds - 1) * others) / folds, np.float32)
            yield _Answer(window.labels(mean), window.part.slices)

    def _step(self, click: Click, answer: _Answer, started_s: float, first_s: float | None = None) -> _Step:
        """Return what an answer changes, as far as the guard lets it, without changing it yet."""
        former = self._frame[answer.part]
        changed = kept = answer.labels != former
        if self._guard is not None:
            kept = allowed(changed, answer.part, self._place(click), self._guard)
        held_back = int(changed.sum() - kept.sum())
        labels = LabelChange.between(former, answer.labels, kept, answer.part)
        ml = self._grid.voxel_volume_mm3 / 1000
        taken_s = round(time.monotonic() - started_s, 3)
        change = Change(
            click=click,
            structures=structure_changes(labels.flows, self._voxels, self._values, ml),
            voxels=labels.voxels,
            held_back_voxels=held_back,
            held_back_ml=round(held_back * ml, 6),
            is_followed=self._is_followed(click, labels),
            first_s=taken_s if first_s is None else first_s,
            final_s=taken_s,
        )
        return _Step(self._image.voxel_click(click), change, labels)

    def _place(self, click: Click) -> ClickPlace:
        """Return the place of a click in the frame."""
        encoding, placement = self._image.encoding, self._image.target.placement
        radii = [encoding.radius_mm or float(encoding.radius_voxels or 0) * mm for mm in placement.network_mm]
        return ClickPlace(self._image.frame_index(click.point_mm), placement.image_mm, tuple(radii))

    def _is_followed(self, click: Click, labels: LabelChange) -> bool:
        """Return whether the clicked voxel would be as the click says, after a change."""
        labels.apply(self._frame)
        has_structure = self._label_at(click) == self._values[str(click.structure)]
        labels.revert(self._frame)
        return has_structure == click.is_positive

    def _label_at(self, click: Click) -> int:
        """Return the label of the clicked voxel.

        Raises:
            InputError: The click is not in the image.
        """
        self._image.frame_index(click.point_mm)
        index = self._grid.index_xyz(np.array([click.point_mm]))[0]
        x, y, z = np.clip(np.rint(index), 0, np.array(self._grid.size_xyz) - 1).astype(int)
        return int(self._labels[z, y, x])

    def _show(self, step: _Step, on_first: OnFirst) -> None:
        """Call a function while the label map is that of a step."""
        step.labels.apply(self._frame)
        try:
            on_first(step.change)
        finally:
            step.labels.revert(self._frame)

    def _do(self, step: _Step) -> None:
        step.labels.apply(self._frame)
        self._count(step, 1)
        self._steps.append(step)

    def _count(self, step: _Step, sign: Literal[1, -1]) -> None:
        """Add a step's change to the number of voxels of each label, or take it away."""
        for (old, new), count in step.labels.flows.items():
            self._voxels[old] -= sign * count
            self._voxels[new] += sign * count
