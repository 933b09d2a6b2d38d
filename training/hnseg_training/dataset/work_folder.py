"""A work folder: everything nnU-Net keeps of one challenge, from the raw data set to the trained folds.

nnU-Net finds its three folders through environment variables; here they are set for this process and its workers, so
that users need none.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hnseg.errors import InputError
from hnseg.machine import usable_threads

CONFIGURATION = "3d_fullres"


@dataclass(frozen=True)
class WorkFolder:
    """Where nnU-Net's folders of one challenge lie.

    Attributes:
        root: The folder the user named.
        dataset: nnU-Net's name of the data set, such as Dataset504_hnts_mrg.
    """

    root: Path
    dataset: str

    @classmethod
    def create(cls, root: Path, *, challenge: str, dataset_id: int) -> WorkFolder:
        """Make the folders of a new data set.

        Raises:
            InputError: The work folder holds one already, or the number has more than three digits.
        """
        if not 1 <= dataset_id <= 999:
            raise InputError(f"A data set's number must lie between 1 and 999 (nnU-Net's rule), found {dataset_id}.")
        if found := _datasets(root, challenge):
            raise InputError(
                f"The work folder {root} holds {found[0]} already."
                " Remove it or name another folder; nothing was converted."
            )
        work = cls(root.resolve(), f"Dataset{dataset_id:03d}_{challenge}")
        for folder in (work.raw / "imagesTr", work.raw / "labelsTr", work.preprocessed):
            folder.mkdir(parents=True)
        return work

    @classmethod
    def open(cls, root: Path, *, challenge: str) -> WorkFolder:
        """Return the work folder of a converted challenge.

        Raises:
            InputError: There is no data set of this challenge in it, or more than one.
        """
        found = _datasets(root, challenge)
        if len(found) != 1:
            raise InputError(
                f"The work folder {root} must hold one data set of {challenge}, but"
                f" {', '.join(found) if found else 'none'} was found."
                f" Was it made by hnseg-train convert {challenge}?"
            )
        return cls(root.resolve(), found[0])

    @property
    def dataset_id(self) -> int:
        """nnU-Net's number of the data set."""
        return int(self.dataset[len("Dataset") :][:3])

    @property
    def raw(self) -> Path:
        """The data set as converted: imagesTr, labelsTr, dataset.json, method.json."""
        return self.root / "nnUNet_raw" / self.dataset

    @property
    def preprocessed(self) -> Path:
        """Fingerprint, plans, splits and the resampled cases."""
        return self.root / "nnUNet_preprocessed" / self.dataset

    def discard(self) -> None:
        """Remove the data set, as after a conversion that failed; the folder itself stays."""
        for folder in (self.raw, self.preprocessed):
            shutil.rmtree(folder)

    def plans_file(self, plans_name: str) -> Path:
        """Return where nnU-Net keeps the plans of this name."""
        return self.preprocessed / f"{plans_name}.json"

    def results(self, name: str) -> Path:
        """Return the genuine nnU-Net result folder of this name."""
        return self.root / "nnUNet_results" / self.dataset / name

    def enter(self, *, augmenters: int | None = None) -> None:
        """Tell nnU-Net, in this process and those it starts, where its folders are and how many helpers it may use.

        Args:
            augmenters: Processes that augment training patches; 0 augments in the training process, None leaves
                nnU-Net's own choice.
        """
        told = {name: str(self.root / name) for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results")}
        told["nnUNet_def_n_proc"] = str(usable_threads())
        if augmenters is not None:
            told["nnUNet_n_proc_DA"] = str(augmenters)
        os.environ.update(told)


def read_json(path: Path) -> Any:
    """Return what a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file that people may read too."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _datasets(root: Path, challenge: str) -> list[str]:
    return sorted(folder.name for folder in (root / "nnUNet_raw").glob(f"Dataset[0-9][0-9][0-9]_{challenge}"))
