"""Facts of a case's output for its status: measures of the structures, and flags; and its pictures, drawn beside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from hnseg.cohort.flags import flags_of
from hnseg.cohort.report.pictures import draw_entropy_picture, draw_pictures
from hnseg.drawing.crop import crop_in
from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid
from hnseg.imaging.structures import measure_structures
from hnseg.inference.model.structure_check import measures_in
from hnseg.inference.model.structure_range import StructureRange
from hnseg.printable import printable


def facts_of_output(  # noqa: PLR0913 (a case's files)
    scan: Path,
    label_map: Path,
    labels: Mapping[int, str],
    report: Path,
    *,
    facts: Mapping[str, Any],
    expected: Mapping[str, StructureRange],
    entropy: Path | None = None,
    pet: Path | None = None,
) -> dict[str, Any]:
    """Return the facts of a case that is done, with those of its output, and draw its pictures.

    Nothing here fails a case: where its images can't be measured or drawn, the facts say why.

    Args:
        scan: Image file on whose grid the label map lies.
        label_map: File of the label map that the case left.
        labels: Values of the label map with their names.
        report: Folder for the pictures, made if it does not exist.
        facts: Facts that are known: `provenance`.
        expected: Ranges of the structures in the training data, by name; empty where nothing is known.
        entropy: File of the predictive entropy, to be drawn too; None for none, and passed over where it is not there.
        pet: File of the PET, laid over the scan, a CT, in colour; None for none.

    Returns:
        The facts, with `structures` (`StructureMeasures` by name), `flags` (a list of `Flag`), with an entropy
        `entropy_caption` and with a PET `pet_caption`, a sentence each, and where there are no pictures `not_drawn`, a
        sentence.

    Raises:
        OSError: The pictures can't be written.
    """
    found: dict[str, Any] = dict(facts)
    try:
        image, labelled = _read(scan, label_map, labels)
        found["structures"] = measures_in(found.get("provenance")) or _measures(image, labelled, labels)
        uptake = None if pet is None else read_volume(pet, title="PET")
        crop = crop_in(found.get("provenance"))
        if words := draw_pictures(image, labelled, labels, report, crop=crop, pet=uptake):
            found["pet_caption"] = words
        if entropy is not None and entropy.is_file():
            unsure = read_volume(entropy, title="entropy")
            found["entropy_caption"] = draw_entropy_picture(image, labelled, unsure, labels, report)
    except InputError as error:
        found["not_drawn"] = printable(str(error))
    except MemoryError:
        found["not_drawn"] = "There was not enough memory to measure and draw it."
    return found | {"flags": [flag.model_dump() for flag in flags_of(found, expected)]}


def _measures(scan: sitk.Image, label_map: sitk.Image, labels: Mapping[int, str]) -> Mapping[str, Any]:
    """Return the measures of a label map's structures, by name, as they are stored."""
    measures = measure_structures(label_map, labels, scan=scan)
    return {name: each.model_dump(mode="json") for name, each in measures.items()}


def _read(scan: Path, label_map: Path, labels: Mapping[int, str]) -> tuple[sitk.Image, sitk.Image]:
    """Return both images.

    Raises:
        InputError: One can't be read, or they lie on different grids.
    """
    image, found = read_volume(scan, title="scan"), read_volume(label_map, title="label map", labels=labels)
    if not Grid.of(image).matches(Grid.of(found)):
        raise InputError("The label map must lie on the scan's grid, but it does not.")
    return image, found
