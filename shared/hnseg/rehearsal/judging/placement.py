"""Grid of an output compared with the grids it must have, as the challenges' evaluators compare them."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid
from hnseg.platform.spec import ChallengeSpec
from hnseg.rehearsal.cases import CaseFolder, first_image
from hnseg.rehearsal.findings import Finding, failure


def judge_placement(
    output: sitk.Image, spec: ChallengeSpec, case: CaseFolder, *, title: str | None = None
) -> list[Finding]:
    """Return the first failure of an output's grid; empty where it agrees with input and reference, or need not.

    Args:
        output: Label map or map that the container wrote, of any dimension.
        spec: Challenge whose output socket names the input with the grid to have.
        case: Case with that input and perhaps a reference; images that can't be read as volumes are passed over,
            because a case may be broken on purpose.
        title: Title of the output; None for the label map's.
    """
    if not spec.output.keeps_grid:
        return []
    socket = spec.input(spec.output.on_grid_of)
    references = {
        socket.title: first_image(case.input_dir / socket.relative_path),
        "reference label map": case.reference(spec.output.relative_path),
    }
    for reference_title, path in references.items():
        reference = None if path is None else _read(path, reference_title)
        if reference is None:
            continue
        output_title = title or spec.output.title
        found = check_placement(output, reference, output_title=output_title, reference_title=reference_title)
        if found:
            return found
    return []


def check_placement(
    output: sitk.Image, reference: sitk.Image, *, output_title: str, reference_title: str
) -> list[Finding]:
    """Return an evaluator's failure of an output's grid; empty where it is the reference's to the last bit.

    Args:
        output: Label map or map, of any dimension.
        reference: 3-D image whose grid the output must have.
        output_title: Name of the output in a sentence.
        reference_title: Name of the reference in a sentence.
    """
    if output.GetDimension() != 3:
        dimensions = output.GetDimension()
        return [_failure(f"The {output_title} must be 3-D like the {reference_title}, found {dimensions} dimensions.")]
    found, wanted = Grid.of(output), Grid.of(reference)
    if found == wanted:
        return []
    must = f"The {output_title} must have the grid of the {reference_title} to the last bit, found"
    if not found.matches(wanted):
        return [
            _failure(
                f"{must} {found.differences(wanted)}. An evaluator refuses it, or compares voxels that do not lie in"
                " the same place. Was the header copied from the input?"
            )
        ]
    return [
        _failure(
            f"{must} voxel centres up to {found.distance_mm(wanted):.2g} mm away. So little passes an evaluator's"
            " tolerance, is not resampled, and then stops the comparison with an error about physical space. Copy the"
            " header (CopyInformation) instead of computing it."
        )
    ]


def _failure(explanation: str) -> Finding:
    """Return a failure of the evaluation, of which the platform shows no sentence."""
    return failure("evaluation", "", explanation)


def _read(path: Path, title: str) -> sitk.Image | None:
    try:
        return read_volume(path, title=title)
    except InputError:  # a case may be broken on purpose
        return None
