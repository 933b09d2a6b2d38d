"""Layout of a folder a patient with DICOM files: what fills the inputs of each, and the images made of it.

```
CASES/<case>/**            DICOM files of any depth and names
CASES/<case>/ehr.json      a value, by the name of its socket's file
```

The images of a case are written once, to `.inputs` in the output folder, and again where its files have changed.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.found import FoundCohort
from hnseg.cohort.finding.names import check_names
from hnseg.dicom.inputs.case import DicomCase, choose_case, write_case
from hnseg.errors import HnsegError, InputError, OutputError
from hnseg.imaging.files.output_files import reason_of
from hnseg.imaging.files.visible import visible_in
from hnseg.platform.input_files import InputFiles
from hnseg.platform.spec import ChallengeSpec
from hnseg.signals import sigterm_unwinds

logger = logging.getLogger(__name__)

INPUTS_FOLDER = ".inputs"
"""Folder of the images, in the output folder."""
_SOURCE = "source.json"


@dataclass(frozen=True)
class DicomCohort:
    """Cases in DICOM.

    Attributes:
        found: Cases with the first file of what fills each input, those that can't be run with their problem.
        chosen: What fills the inputs of each case that can be run, by its name.
    """

    found: FoundCohort
    chosen: Mapping[str, DicomCase] = field(default_factory=dict)


def find_in_dicom(
    folder: Path, spec: ChallengeSpec, *, series: Sequence[str] = (), structures: Sequence[str] = ()
) -> DicomCohort:
    """Return the cases of a folder with a folder of DICOM files for each.

    Args:
        folder: Folder of the cases' folders.
        spec: Description of the sockets.
        series: Choices of series, such as `patient_7:ct=3`.
        structures: Names of structures for labels, the same for all cases.

    Raises:
        InputError: There is no such folder or no folder in it, a name is not usable, or a choice is of no case.
    """
    folder = folder.absolute()
    folders = [path for path in visible_in(folder) if path.is_dir()]
    if not folders:
        raise InputError(f"The cases must be folders of DICOM files in a folder, but {folder} has none.")
    check_names([path.name for path in folders], folder)
    asked = _asked(series, {path.name for path in folders})
    cases: list[CohortCase] = []
    chosen: dict[str, DicomCase] = {}
    for path in folders:
        case = _choice(spec, path, asked.get(path.name, ()), structures)
        if isinstance(case, DicomCase):
            chosen[path.name] = case
            cases.append(CohortCase(name=path.name, inputs=_files(case, path, spec)))
        else:
            cases.append(CohortCase(name=path.name, inputs=InputFiles(images={}), problem=case))
    beside = tuple(path for path in visible_in(folder) if path not in folders)
    return DicomCohort(FoundCohort(tuple(cases), "dicom", beside), chosen)


def with_images(cohort: DicomCohort, output: Path, *, names: Collection[str]) -> FoundCohort:
    """Return the cases with their images, written where they are not there yet; a case whose images fail has a problem.

    Args:
        cohort: Cases in DICOM.
        output: Output folder of the cohort; made where it does not exist.
        names: Names of the cases that will be run; no images are written of others, such as those of another shard.
    """
    cases = [
        _with_images(case, cohort.chosen[case.name], output / INPUTS_FOLDER)
        if case.name in cohort.chosen and case.name in names
        else case
        for case in cohort.found.cases
    ]
    return FoundCohort(tuple(cases), cohort.found.layout, cohort.found.ignored)


def _choice(spec: ChallengeSpec, folder: Path, series: Sequence[str], structures: Sequence[str]) -> DicomCase | str:
    """Return what fills the inputs of a case, or the sentence on why that is open."""
    try:
        return choose_case(spec, folder, series=series, structures=structures)
    except InputError as error:
        return re.sub(r"--series (?=\S+=)", lambda _: f"--series {folder.name}:", str(error))


def _asked(words: Sequence[str], names: set[str]) -> dict[str, list[str]]:
    """Return the choices of each case.

    Raises:
        InputError: One is of no case.
    """
    asked: dict[str, list[str]] = {}
    for word in words:
        name = ""
        for part in filter(None, word.split(",")):
            own, _, pair = part.rpartition(":")
            name = own or name
            if name not in names:
                raise InputError(
                    "--series must name the case where there are several, such as CASE:ct=3, but one names none of"
                    f" {', '.join(sorted(names)[:5])}. Is it misspelt?"
                )
            asked.setdefault(name, []).append(pair)
    return asked


def _files(case: DicomCase, folder: Path, spec: ChallengeSpec) -> InputFiles:
    """Return the first file of what fills each input, and the values beside the DICOM files."""
    first = {slug: entry.series.slices[0].path for slug, entry in case.chosen.items() if entry.series}
    sets = {slug: each.path for slug, each in case.structures.items()}
    values = {socket.slug: folder / Path(socket.relative_path).name for socket in spec.values}
    return InputFiles(images=first | sets, values={slug: path for slug, path in values.items() if path.is_file()})


def _with_images(case: CohortCase, chosen: DicomCase, folder: Path) -> CohortCase:
    place = folder / case.name
    source = _source_of(chosen)
    try:
        if not _is_made(place, source):
            logger.info("%s: images are made of its DICOM files", case.name)
            _make(chosen, place, source)
    except HnsegError as error:
        return case.model_copy(update={"problem": str(error)})
    listed: dict[str, str] = json.loads((place / _SOURCE).read_bytes())["images"]
    images = {slug: place / path for slug, path in listed.items()}
    return case.model_copy(update={"inputs": InputFiles(images=images, values=case.inputs.values)})


def _source_of(chosen: DicomCase) -> str:
    """Return a checksum of what the images are made of: files by name, size and time, and structures."""
    paths = [each.path for entry in chosen.chosen.values() if entry.series for each in entry.series.slices]
    paths += [each.path for each in chosen.structures.values()]
    stamps = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    labels = {
        slug: [(value, one.number) for value, one in each.by_label.items()] for slug, each in chosen.structures.items()
    }
    numbers = {slug: (entry.uid, entry.suv.factor if entry.suv else None) for slug, entry in chosen.chosen.items()}
    return hashlib.sha256(json.dumps([stamps, labels, numbers], sort_keys=True).encode()).hexdigest()


def _is_made(place: Path, source: str) -> bool:
    try:
        made = json.loads((place / _SOURCE).read_bytes())
    except (OSError, ValueError):
        return False
    return bool(made["source"] == source and all((place / path).is_file() for path in made["images"].values()))


def _make(chosen: DicomCase, place: Path, source: str) -> None:
    """Write the images of a case to a folder beside its place, and give it its name when it is whole."""
    with sigterm_unwinds():
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            made = Path(mkdtemp(prefix=".unfinished-", dir=place.parent))
        except OSError as error:
            raise OutputError(f"The images must be written to {place.parent}, but {reason_of(error)}.") from error
        try:
            files = write_case(chosen, made)
            listed = {slug: os.fspath(path.relative_to(made)) for slug, path in files.items()}
            (made / _SOURCE).write_text(json.dumps({"source": source, "images": listed}), encoding="utf-8")
            shutil.rmtree(place, ignore_errors=True)
            made.rename(place)
        except OSError as error:
            raise OutputError(
                f"The images must be written to {place}, but {reason_of(error)}. Is there space?"
            ) from error
        finally:
            shutil.rmtree(made, ignore_errors=True)
