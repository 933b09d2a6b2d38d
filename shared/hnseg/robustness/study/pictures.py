"""Pictures of a study's worst cases: the slice with most of the structure, as it is and perturbed.

The reference is a filled area, the label map of each is its outline. The perturbed image is made again from what the
case's variant was drawn from, so that no study keeps 36 images a case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.references import REFERENCE
from hnseg.cohort.state.store import CaseStore
from hnseg.drawing.colours import colours_of
from hnseg.drawing.framing.body_box import body_box_of
from hnseg.drawing.framing.slices import frame_around
from hnseg.drawing.overlay import SIDE, as_png, composed, window_of
from hnseg.drawing.panel import Cut, draw_panel
from hnseg.drawing.turn import Turn
from hnseg.imaging.box import Box
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, resample_image
from hnseg.platform.reading import read_image
from hnseg.platform.spec import ChallengeSpec
from hnseg.platform.writing import FILE_NAME
from hnseg.robustness.perturbations.images import perturb_image
from hnseg.robustness.report.worst_cases import WorstCase
from hnseg.robustness.scores.record import Variant
from hnseg.robustness.study.images import images_of
from hnseg.robustness.study.variants import CaseVariant
from hnseg.robustness.study.work import Perturbing


@dataclass(frozen=True)
class StudyFiles:
    """Files of a study that is done.

    Attributes:
        spec: Description of the sockets.
        cases: Cases with their reference, by name.
        store: Store of the variants.
        perturbing: Choices of all perturbations.
    """

    spec: ChallengeSpec
    cases: Mapping[str, CohortCase]
    store: CaseStore
    perturbing: Perturbing

    def label_map(self, variant: CaseVariant) -> sitk.Image:
        """Return the label map of a variant."""
        place = f"{self.spec.output.relative_path}/{FILE_NAME}"
        return read_volume(self.store.output(variant.name, place), title="label map", labels=self.spec.output.labels)

    def reference(self, case: str) -> sitk.Image:
        """Return the reference of a case."""
        path = self.cases[case].inputs.images[REFERENCE]
        return read_volume(path, title=f"reference of {case}", labels=self.spec.output.labels)


def draw_worst_cases(worst: Sequence[WorstCase], files: StudyFiles) -> dict[tuple[str, Variant], bytes]:
    """Return a picture for each of a study's worst cases.

    Args:
        worst: Worst cases.
        files: Files of the study.

    Returns:
        PNG by case and variant.

    Raises:
        InputError: A file can't be read any more.
    """
    return {(one.case, one.variant): _drawn(one, files) for one in worst}


def _drawn(one: WorstCase, files: StudyFiles) -> bytes:
    images = images_of(files.spec)
    slug = next(slug for slug, image in images.items() if image.title == one.variant.modality)
    variant = CaseVariant.of_scores(one.case, slug, one.variant)
    inputs = files.cases[one.case].inputs
    before = read_image(images[slug].socket, inputs.images[slug], inside=inputs.inside)
    after, _ = perturb_image(before, files.perturbing.request(variant, images[slug]))
    window = window_of(before)
    label = next(label for label, name in files.spec.output.labels.items() if name == one.structure)
    reference = files.reference(one.case)
    body = _body_of(before, window, reference)
    panels = []
    for title, image, shown in (("as it is", before, CaseVariant(one.case)), (str(one.variant), after, variant)):
        cut = _cut_through(image, files.label_map(shown), reference, label, body)
        panels.append((title, draw_panel(cut, window, colours_of(files.spec.output.labels), side=SIDE)))
    return as_png(composed(panels, len(panels)))


def _body_of(image: sitk.Image, window: tuple[float, float], reference: sitk.Image) -> Box:
    """Return the box of the body and of the reference, on the reference's grid turned to LPS."""
    turn = Turn.of(reference)
    on_grid = resample_image(image, Grid.of(reference), outside=window[0] - 1000)
    return body_box_of(turn.view_of(on_grid), turn.spacing_of(reference), window, turn.view_of(reference) > 0)


def _cut_through(image: sitk.Image, found: sitk.Image, reference: sitk.Image, label: int, body: Box) -> Cut:
    """Return the axial slice with most of a structure of the reference, around all of it and of the label map."""
    turn = Turn.of(reference)
    wanted, labels = turn.view_of(reference), turn.view_of(found)
    on_grid = resample_image(image, Grid.of(reference))
    scan = turn.view_of(on_grid)
    z = int((wanted == label).sum(axis=(1, 2)).argmax())
    x_mm, y_mm, z_mm = turn.spacing_of(reference)
    frame = frame_around(np.logical_or.reduce(wanted, axis=0), (x_mm, y_mm, z_mm), body)
    where = (z, *frame.slices)
    return Cut(
        scan=np.array(scan[where]),
        found=np.array(labels[where]),
        wanted=np.array(wanted[where]),
        spacing_mm=(x_mm, y_mm),
    )
