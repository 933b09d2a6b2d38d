"""References of a cohort's cases: the true label map beside each case, or in a folder of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.found import FoundCohort
from hnseg.errors import InputError
from hnseg.evaluation.files.case_files import cases_in
from hnseg.imaging.files.formats import images_in, stem_of
from hnseg.platform.spec import OutputSocket

REFERENCE = "reference"
"""Key of the reference among the images of a case."""
_EXPECTED = "expected"


def with_references(found: FoundCohort, socket: OutputSocket, references_dir: Path | None = None) -> FoundCohort:
    """Return a cohort each of whose cases has its reference among its images, under the key `reference`.

    A case without one has a problem.

    Args:
        found: Cases that were found.
        socket: Socket of the label map.
        references_dir: Folder with a label map a case, named as the case; None where each lies beside its case's
            `input` folder, in `expected` at the socket's path.

    Raises:
        InputError: The folder has no label maps, or two of one case.
    """
    place = PurePosixPath(socket.relative_path)
    named = None if references_dir is None else _named(references_dir.absolute(), place.name)
    cases = tuple(
        _with_reference(case, _beside(case, place) if named is None else named.get(case.name)) for case in found.cases
    )
    return replace(found, cases=cases)


def _with_reference(case: CohortCase, reference: Path | None) -> CohortCase:
    if reference is None:
        problem = (
            f"Every case must have a reference, but {case.name} has none. Does it lie in another folder, to be given as"
            " --references?"
        )
        return case.model_copy(update={"problem": case.problem or problem})
    inputs = case.inputs.model_copy(update={"images": {**case.inputs.images, REFERENCE: reference}})
    return case.model_copy(update={"inputs": inputs})


def _beside(case: CohortCase, place: PurePosixPath) -> Path | None:
    """Return the only label map beside a case's input folder; None where there is none, or several."""
    if case.inputs.inside is None:
        return None
    folder = case.inputs.inside.parent / _EXPECTED / place
    images = images_in(folder) if folder.is_dir() else []
    return images[0] if len(images) == 1 else None


def _named(folder: Path, name: str) -> dict[str, Path]:
    """Return the label maps of a folder by the name of their case.

    Args:
        folder: Folder with a label map a case, or a folder of outputs a case.
        name: Name of the socket's folder in these outputs.

    Raises:
        InputError: There is none, or two of one case.
    """
    maps: dict[str, Path] = {}
    for case in cases_in(folder):
        path = case.label_maps.get(name, case.label_maps.get(""))
        if path is not None and maps.setdefault(stem_of(case.name), path) != path:
            raise InputError(
                f"A case must have one reference, but {folder} has two of {stem_of(case.name)}. Remove one of them."
            )
    return maps
