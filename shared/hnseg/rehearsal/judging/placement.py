"""Whether an output lies where the reference lies, as the challenges' evaluators would find."""

from __future__ import annotations

import SimpleITK as sitk

from hnseg.imaging.geometry import Grid
from hnseg.rehearsal.findings import Finding, failure


def check_placement(
    output: sitk.Image, reference: sitk.Image, *, output_title: str, reference_title: str
) -> list[Finding]:
    """Return what an evaluator would make of an output's grid; nothing where it is the reference's to the last bit.

    Args:
        output: The label map, of any dimension.
        reference: The image whose grid it must have.
        output_title: What a sentence calls the output.
        reference_title: What a sentence calls the reference.
    """
    if output.GetDimension() != 3:
        return [
            failure(
                "evaluation",
                "",
                f"The {output_title} must be 3-D like the {reference_title}, found {output.GetDimension()} dimensions.",
            )
        ]
    found, wanted = Grid.of(output), Grid.of(reference)
    if found == wanted:
        return []
    must = f"The {output_title} must have the grid of the {reference_title} to the last bit, found"
    if not found.matches(wanted):
        return [
            failure(
                "evaluation",
                "",
                f"{must} {found.differences(wanted)}. An evaluator refuses it, or compares voxels that do not lie in"
                " the same place. Was the header copied from the input?",
            )
        ]
    return [
        failure(
            "evaluation",
            "",
            f"{must} voxel centres up to {found.distance_mm(wanted):.2g} mm away. So little passes an evaluator's"
            " tolerance, is not resampled, and then stops the comparison with an error about physical space. Copy the"
            " header (CopyInformation) instead of computing it.",
        )
    ]
