"""Finding of a challenge's cases: the choice of the layout that a folder or file has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.bids import find_in_bids, subjects_in
from hnseg.cohort.finding.csv_list import CASE, find_in_csv
from hnseg.cohort.finding.folders import find_in_folders, is_case_folder
from hnseg.cohort.finding.found import FoundCohort, Layout
from hnseg.cohort.finding.names import check_names
from hnseg.cohort.finding.nnunet import find_numbered, is_numbered
from hnseg.cohort.finding.slots import slots_of
from hnseg.errors import InputError
from hnseg.imaging.files.visible import visible_in
from hnseg.platform.spec import ChallengeSpec

_SHOWN = 3


def find_cohort(source: Path, spec: ChallengeSpec) -> FoundCohort:
    """Return the cases of a folder or table, in the one layout that it has; no image is opened.

    Args:
        source: Folder of case folders, one such folder, folder of nnU-Net's numbered images, BIDS-like folder, or CSV
            file; see the layouts' modules.
        spec: Description of the sockets.

    Raises:
        InputError: There is nothing, no case, or cases in two layouts; the table can't be used; or the name of a case
            is not usable.
    """
    source = source.absolute()
    if not source.exists():
        raise InputError(f"The cases must be a folder or a CSV file, but {source} does not exist. Is it misspelt?")
    try:
        found = _found_in(source, spec) if source.is_dir() else find_in_csv(source, spec)
    except OSError as error:
        raise InputError(f"The cases must be readable, but {error.filename} is not: {error.strerror}.") from error
    if not found.cases:
        raise InputError(_none_found(source, spec))
    check_names([case.name for case in found.cases], source)
    titles = {slot.key: slot.title for slot in slots_of(spec)}
    return replace(found, cases=tuple(_with_irregular(case, titles) for case in found.cases))


def _with_irregular(case: CohortCase, titles: Mapping[str, str]) -> CohortCase:
    """Return a case with a problem where an image has a name but is no file, as a link that leads nowhere is not."""
    irregular = [f"{titles[key]} {path}" for key, path in case.inputs.images.items() if not path.is_file()]
    if case.problem or not irregular:
        return case
    problem = (
        f"Every image must be a file, but the {', the '.join(irregular)} is none. Does a link lead nowhere, or is a"
        " drive not mounted?"
    )
    return case.model_copy(update={"problem": problem})


def _found_in(folder: Path, spec: ChallengeSpec) -> FoundCohort:
    evidence = _evidence(folder)
    if len(evidence) > 1:
        signs = " and ".join(f"{_SIGNS[layout]} ({_some(names)})" for layout, names in evidence.items())
        raise InputError(
            f"The cases must lie in one layout, but {folder} holds {signs}. Move one kind to a folder of its own, or"
            " list the cases in a CSV."
        )
    match next(iter(evidence), None):
        case "folders":
            return find_in_folders(folder, spec)
        case "nnunet":
            slots = [slot for slot in slots_of(spec) if not slot.is_value]
            return find_numbered(folder, slots)
        case "bids":
            return find_in_bids(folder, spec)
    raise InputError(_none_found(folder, spec))


_SIGNS: dict[Layout, str] = {
    "folders": "folders of cases",
    "nnunet": "images numbered by channel",
    "bids": "BIDS subjects",
}


def _evidence(folder: Path) -> dict[Layout, list[str]]:
    """Return the names that speak for each layout, without layouts for which none does."""
    if is_case_folder(folder):
        return {"folders": [folder.name]}
    entries = visible_in(folder)
    names: dict[Layout, list[str]] = {
        "folders": [path.name for path in entries if path.is_dir() and is_case_folder(path)],
        "nnunet": [path.name for path in entries if is_numbered(path)],
        "bids": [path.name for path in subjects_in(folder)],
    }
    return {layout: found for layout, found in names.items() if found}


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN] + ["..."] * (len(names) > _SHOWN))


def _none_found(source: Path, spec: ChallengeSpec) -> str:
    """Return the sentence on a source without cases, which says what each layout looks like."""
    first = next(socket for socket in spec.inputs if socket.required)
    columns = ", ".join([CASE, *(slot.key for slot in slots_of(spec))])
    numbered = ", ".join(f"CASE_{number:04d}.nii.gz is the {each.title}" for number, each in enumerate(spec.inputs))
    bids = ", ".join(
        f"{'_'.join(('sub-01', *each.bids))}.nii.gz is the {each.title}" for each in spec.inputs if each.bids
    )
    return (
        f"The cases must lie in one of four layouts, but {source} has none of them. Folders of cases:"
        f" CASE/input/{first.relative_path}/IMAGE or CASE/{first.relative_path}/IMAGE. A CSV file with the columns"
        f" {columns}. nnU-Net's numbered images: {numbered}. Subjects' folders sub-01/ with BIDS names:"
        f" {bids or 'none'}. Was the path to the cases' own folder given?"
    )
