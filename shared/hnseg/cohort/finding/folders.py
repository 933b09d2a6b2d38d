"""Layout of a folder a case, in which each case lies as a container reads it.

```
<case>/input/images/<socket>/<image>      as local test packs and `hnseg phantom` have it
<case>/images/<socket>/<image>            as the platform mounts it
```

What lies beside a case's `input` folder, such as its expected outputs, is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.found import FoundCohort
from hnseg.cohort.finding.untaken import untaken_in
from hnseg.errors import InputError
from hnseg.imaging.files.formats import images_in
from hnseg.imaging.files.visible import visible_in
from hnseg.platform.input_files import InputFiles
from hnseg.platform.inputs_json import FILE_NAME
from hnseg.platform.reading import find_input_files
from hnseg.platform.spec import ChallengeSpec

_INPUT = "input"


def is_case_folder(folder: Path) -> bool:
    """Return whether a folder is laid out as a case: with sockets' folders, or with a folder of them."""
    return _is_input(folder) or (folder / _INPUT).is_dir()


def find_in_folders(folder: Path, spec: ChallengeSpec) -> FoundCohort:
    """Return the cases of a folder of case folders, or the one case where it is a case's folder itself.

    Args:
        folder: Absolute path of the folder.
        spec: Description of the sockets.
    """
    folders = _case_folders(folder)
    cases = [_case(name, path, spec) for name, path in folders.items()]
    beside = [] if folder in folders.values() else [path for path in visible_in(folder) if path.name not in folders]
    within = (path for case in cases for path in _untaken_of(case))
    return FoundCohort(tuple(cases), "folders", (*beside, *within))


def _case_folders(folder: Path) -> dict[str, Path]:
    """Return the folders of cases by their names: the folder itself where it is one."""
    if is_case_folder(folder):
        return {folder.parent.name if folder.name == _INPUT else folder.name: folder}
    return {path.name: path for path in visible_in(folder) if path.is_dir() and is_case_folder(path)}


def _is_input(folder: Path) -> bool:
    return (folder / "images").is_dir() or (folder / FILE_NAME).is_file()


def _case(name: str, folder: Path, spec: ChallengeSpec) -> CohortCase:
    inside = folder / _INPUT
    if inside.is_dir() and _is_input(folder):
        both = (
            f"A case must have its sockets' folders in one place, but {folder} holds them itself and has a folder"
            f" {_INPUT}. Remove one of the two."
        )
        return CohortCase(name=name, inputs=InputFiles(images={}), problem=both)
    input_dir = inside if inside.is_dir() else folder
    try:
        return CohortCase(name=name, inputs=find_input_files(spec, input_dir))
    except InputError as error:
        return CohortCase(name=name, inputs=_found_anyway(spec, input_dir), problem=str(error))


def _found_anyway(spec: ChallengeSpec, input_dir: Path) -> InputFiles:
    """Return the images of a case that can't be run, in the sockets that hold exactly one."""
    found = {socket.slug: images_in(input_dir / socket.relative_path) for socket in spec.inputs}
    return InputFiles(images={slug: paths[0] for slug, paths in found.items() if len(paths) == 1}, inside=input_dir)


def _untaken_of(case: CohortCase) -> Iterator[Path]:
    """Yield what lies in a case's input folder and is in none of its sockets; nothing where it has a problem."""
    inputs = case.inputs
    if inputs.inside is None or case.problem:
        return
    yield from untaken_in(inputs.inside, {*inputs.images.values(), *inputs.values.values(), inputs.inside / FILE_NAME})
