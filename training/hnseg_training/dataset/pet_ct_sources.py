"""Public files of PET/CT patients in the layouts of HECKTOR 2022, 2025 and 2026, with or without a PET.

```
imagesTr/<patient>__CT.nii.gz, <patient>__PT.nii.gz; labelsTr/<patient>.nii.gz      2022
<patient>/<patient>__CT.nii.gz, <patient>__PT.nii.gz, <patient>.nii.gz              2025, 2026
```

They may lie any few folders below the one that is named. Names are compared without case, blanks and underscores, and
NIfTI files may be compressed or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.patient_tables import patient_key
from hnseg.imaging.files.formats import has_suffix, stem_of
from hnseg.imaging.files.visible import visible_in
from hnseg_training.dataset.survey.data_folder import data_folder
from hnseg_training.dataset.survey.finding import Finding
from hnseg_training.dataset.survey.leftovers import leftovers_in
from hnseg_training.dataset.survey.problem import Problem

_NIFTI = (".nii.gz", ".nii")
_KINDS = {"ct": "CT", "pt": "PET", "pet": "PET", "": "label map"}
_WITHOUT_USE = ("rtdose", "ctplanning")  # of HECKTOR 2025's second task
_TABLES = (".csv", ".tsv")
_LAYOUT = (
    "as imagesTr/<patient>__CT.nii.gz and labelsTr/<patient>.nii.gz or as <patient>/<patient>__CT.nii.gz and so on"
)


@dataclass(frozen=True)
class Source:
    """Public files of a patient.

    Attributes:
        name: Name of the patient, and of the sample in nnU-Net.
        ct: CT, whose grid the label map is brought to.
        pet: PET; None where there is none.
        label_map: Label map to learn.
    """

    name: str
    ct: Path
    pet: Path | None
    label_map: Path

    @property
    def centre(self) -> str:
        """Letters at the start of the name in capitals, such as CHUM; empty where there are none."""
        return re.split(r"[^A-Za-z]", self.name, maxsplit=1)[0].upper()

    @property
    def files(self) -> list[Path]:
        """CT, PET and label map."""
        return [self.ct, *filter(None, [self.pet]), self.label_map]


@dataclass(frozen=True)
class PetCtFinding(Finding[Source]):
    """PET/CT patients that were found, with what was accepted of their names.

    Attributes:
        notes: Sentences on what was accepted.
        folders: Folder of the patients, then those between it and the named one; tables may lie in each.
    """

    notes: Sequence[str] = ()
    folders: Sequence[Path] = ()


def find_sources(source: Path, *, title: str) -> PetCtFinding:
    """Return every patient in the order of their names, with what is wrong of their files' names.

    Args:
        source: Folder of the patients, or one above it.
        title: Name of the data, for the sentence of an error.

    Raises:
        InputError: There are no patients, or several folders of patients.
    """
    root = _root(source, f"{title}, {_LAYOUT}")
    patients = _patients_in(root)
    taken = set(chain.from_iterable(one.all_named() for one in patients))
    return PetCtFinding(
        [found for one in patients if (found := one.source()) is not None],
        [Problem(one.name, sentence) for one in patients for sentence in one.problems()],
        list(leftovers_in(root, taken, known=_is_known)),
        list(_notes(patients, root, source)),
        [root, *(folder for folder in root.parents if folder.is_relative_to(source))],
    )


@dataclass
class _PatientFiles:
    """Files of one patient by what their names say.

    Attributes:
        name: Name of the patient.
        place: Folder of the files, for sentences.
        files: Files by kind: CT, PET and label map.
        others: Files in the patient's own folder that are named after somebody else.
        is_respelled: Whether the names of folder and files differ in case, blanks or underscores.
    """

    name: str
    place: Path
    files: dict[str, list[Path]] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)
    is_respelled: bool = False

    def add(self, path: Path) -> None:
        """Add a file of the patient's."""
        stem, kind = _named(path)
        self.files.setdefault(_KINDS[kind], []).append(path)
        usual = path.name.startswith((f"{self.name}__CT", f"{self.name}__PT", f"{self.name}.n"))
        self.is_respelled |= stem != self.name or not usual or self.place.name.strip() != self.place.name

    def all_named(self) -> list[Path]:
        """Return the files whose names were understood as this patient's."""
        return list(chain.from_iterable(self.files.values()))

    def source(self) -> Source | None:
        """Return the files of a patient who has all that must be there, be it twice; None for another."""
        if self.others or not (self.files.get("CT") and self.files.get("label map")):
            return None
        pet = self.files.get("PET", [None])[0]
        return Source(self.name, self.files["CT"][0], pet, self.files["label map"][0])

    def problems(self) -> Iterator[str]:
        """Yield a sentence for each file that is missing, there twice, or named after somebody else."""
        if self.others:
            yield (
                f"Files in a patient's folder must be named after it, but {self.place} holds {self.others[0].name}."
                " Is it a copy of another patient's folder, or was it renamed?"
            )
            return
        for kind, name in (("CT", f"{self.name}__CT.nii.gz"), ("label map", f"{self.name}.nii.gz")):
            if not self.files.get(kind):
                yield (
                    f"Every patient must have a CT and a label map, but {name} is missing in {self.place}."
                    " Was the archive unpacked to the end?"
                )
        for kind, paths in self.files.items():
            if len(paths) > 1:
                yield (
                    f"Every patient must have one {kind}, but there are {paths[0]} and {paths[1]}."
                    " Is one of them a copy, or unpacked by hand?"
                )


def _root(source: Path, layout: str) -> Path:
    """Return the folder of the patients; one with label maps before one without, as other tasks' data are."""
    try:
        return data_folder(source, partial(_is_patient, labelled=True), layout=layout)
    except InputError:
        return data_folder(source, partial(_is_patient, labelled=False), layout=layout)


def _patients_in(root: Path) -> list[_PatientFiles]:
    """Return the files of each patient, in the order of the names."""
    has_images_folder = any(path.name.lower() == "imagestr" for path in visible_in(root))
    patients = _in_two_folders(root) if has_images_folder else _in_a_folder_each(root)
    return sorted(patients, key=lambda one: one.name)


def _is_patient(path: Path, *, labelled: bool) -> bool:
    """Return whether an entry of a folder is imagesTr, or a patient's own folder."""
    if not path.is_dir():
        return False
    if path.name.lower() == "imagestr":
        return True
    kinds = {_KINDS[_named(file)[1]] for file in _niftis_in(path)}
    return "CT" in kinds and (not labelled or "label map" in kinds)


def _in_two_folders(root: Path) -> Iterator[_PatientFiles]:
    """Yield the patients of a folder with imagesTr and labelsTr."""
    patients: dict[str, _PatientFiles] = {}
    folders = [path for path in visible_in(root) if path.name.lower() in {"imagestr", "labelstr"}]
    for path in (path for folder in folders for path in _niftis_in(folder)):
        stem, kind = _named(path)
        if (kind == "") == (path.parent.name.lower() == "labelstr"):
            patients.setdefault(patient_key(stem), _PatientFiles(stem, root)).add(path)
    yield from patients.values()


def _in_a_folder_each(root: Path) -> Iterator[_PatientFiles]:
    """Yield the patients of a folder with a folder a patient."""
    patients: dict[str, _PatientFiles] = {}
    for path in (path for folder in visible_in(root) if folder.is_dir() for path in _niftis_in(folder)):
        name, (stem, kind) = path.parent.name.strip(), _named(path)
        if patient_key(stem) == patient_key(name):
            patients.setdefault(name, _PatientFiles(name, path.parent)).add(path)
        elif kind:
            patients.setdefault(name, _PatientFiles(name, path.parent)).others.append(path)
    yield from patients.values()


def _niftis_in(folder: Path) -> list[Path]:
    """Return the NIfTI files in a folder that are of a known kind by their names."""
    niftis = (path for path in visible_in(folder) if has_suffix(path.name, _NIFTI) and not path.is_dir())
    return [path for path in niftis if _named(path)[1] in _KINDS]


def _named(path: Path) -> tuple[str, str]:
    """Return the patient and the kind in small letters in a file's name; no kind in that of a label map."""
    patient, _, kind = stem_of(path.name).partition("__")
    return patient.strip(), kind.strip().lower()


def _is_known(path: Path) -> bool:
    """Return whether a path is part of a public release that the conversion has no use for, or a table."""
    return has_suffix(path.name, _TABLES) or (has_suffix(path.name, _NIFTI) and _named(path)[1] in _WITHOUT_USE)


def _notes(patients: Iterable[_PatientFiles], root: Path, source: Path) -> Iterator[str]:
    """Yield a sentence for each kind of name that was accepted."""
    if root != source:
        yield f"The patients lie in {root.relative_to(source)}."
    if count := sum(one.is_respelled for one in patients):
        yield f"Patients whose files are named in several cases, with blanks or with underscores: {count}."
    if count := sum(path.name.lower().endswith(".nii") for one in patients for path in one.all_named()):
        yield f"Files that are not compressed: {count}."
    if count := sum("PET" not in one.files for one in patients):
        yield f"Patients without a PET: {count}."
