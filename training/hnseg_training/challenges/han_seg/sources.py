"""Public files of HaN-Seg 2023: `HaN-Seg/set_1/case_XX/` with a CT, an MR and a mask for each organ.

The masks' file names decide which organ they are: the names inside the files are wrong in the public data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from containers.han_seg.spec import LABELS
from hnseg.imaging.files.formats import READ, has_suffix, stem_of
from hnseg.imaging.files.visible import visible_in
from hnseg_training.dataset.survey.data_folder import data_folder
from hnseg_training.dataset.survey.finding import Finding
from hnseg_training.dataset.survey.leftovers import leftovers_in
from hnseg_training.dataset.survey.problem import Problem

LAYOUT = "HaN-Seg/set_1/case_01 and so on"
_ORGANS = frozenset(LABELS.values())


@dataclass(frozen=True)
class Source:
    """Public files of a patient.

    Attributes:
        name: Name of the patient's folder, and of the sample in nnU-Net.
        ct: CT, the image that the organs were drawn on.
        mr: T1 MR; None where there is none.
        masks: Mask of each organ, by the organ in the file's name.
    """

    name: str
    ct: Path
    mr: Path | None
    masks: Mapping[str, Path]

    @property
    def files(self) -> list[Path]:
        """CT, MR and masks."""
        return [self.ct, *filter(None, [self.mr]), *self.masks.values()]


def find_sources(source: Path) -> Finding[Source]:
    """Return the patients in the order of their folders' names, with what is wrong of their files' names.

    Args:
        source: HaN-Seg, a folder that holds it, or its set_1.

    Raises:
        InputError: There is no patient's folder.
    """
    root = data_folder(source, _is_patient, layout=LAYOUT)
    files = [_PatientFiles.of(folder) for folder in filter(_is_patient, visible_in(root))]
    sources = [found for one in files if (found := one.source()) is not None]
    problems = [Problem(one.name, sentence) for one in files for sentence in one.problems()]
    taken = {path for one in files for path in one.all_named()}
    return Finding(sources, problems, list(leftovers_in(root, taken)))


def _is_patient(path: Path) -> bool:
    return path.name.lower().startswith("case_") and path.is_dir()


@dataclass(frozen=True)
class _PatientFiles:
    """Files of a patient's folder by what their names say."""

    folder: Path
    cts: Sequence[Path]
    mrs: Sequence[Path]
    masks: Mapping[str, Sequence[Path]]  # by organ; by the whole stem where the name is no organ's

    @property
    def name(self) -> str:
        """Name of the patient, which is the folder's."""
        return self.folder.name

    @classmethod
    def of(cls, folder: Path) -> _PatientFiles:
        """Return the files of a patient's folder, sorted by their names."""
        files = [path for path in visible_in(folder) if path.is_file()]
        images = [path for path in files if has_suffix(path.name, READ)]
        masks: dict[str, list[Path]] = {}
        for path in files:
            if "_oar_" in path.name.lower():
                masks.setdefault(_organ_of(path, folder.name), []).append(path)
        named = {
            kind: [path for path in images if stem_of(path.name).lower() == f"{folder.name}_IMG_{kind}".lower()]
            for kind in ("CT", "MR_T1")
        }
        return cls(folder, named["CT"], named["MR_T1"], masks)

    def source(self) -> Source | None:
        """Return the files of a patient, of copies the first; None for one without a CT or a mask of an organ."""
        masks = {organ: paths[0] for organ, paths in self.masks.items() if organ in _ORGANS}
        if not (self.cts and masks):
            return None
        return Source(self.name, self.cts[0], self.mrs[0] if self.mrs else None, masks)

    def problems(self) -> list[str]:
        """Return a sentence for each file that is missing, there twice, or of no organ."""
        found = [] if self.cts else [self._missing_ct()]
        if not self.masks:
            found.append(f"{self.folder} must hold the organs' masks, but there is none. Was the archive unpacked?")
        for organ, paths in self.masks.items():
            if organ not in _ORGANS:
                found.append(
                    f"Masks must be named {self.name}_OAR_<organ>.seg.nrrd after one of HaN-Seg's 30 organs, but there"
                    f" is {paths[0]}. Was it renamed, or does it belong to another patient or data set?"
                )
        return found + [
            f"Every image and organ must have one file, but there are {paths[0]} and {paths[1].name}."
            " Is one of them a copy, or of an earlier export?"
            for paths in (self.cts, self.mrs, *self.masks.values())
            if len(paths) > 1
        ]

    def all_named(self) -> list[Path]:
        """Return the files whose names were understood."""
        return [*self.cts, *self.mrs, *(path for paths in self.masks.values() for path in paths)]

    def _missing_ct(self) -> str:
        near = [path.name for path in visible_in(self.folder) if "_img_ct" in path.name.lower()]
        found = f"only {near[0]} is there" if near else "there is none"
        cause = (
            "Was it compressed, or is it still being downloaded?" if near else "Was the archive unpacked to the end?"
        )
        return f"{self.folder} must hold the CT {self.name}_IMG_CT.nrrd, but {found}. {cause}"


def _organ_of(path: Path, patient: str) -> str:
    """Return the organ in a mask's name; the whole stem where it is not of this patient's."""
    stem = re.sub(r"(?i)\.seg$", "", stem_of(path.name))
    prefix = f"{patient}_OAR_"
    return stem[len(prefix) :] if stem.lower().startswith(prefix.lower()) else stem
