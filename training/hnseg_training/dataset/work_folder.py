"""Work folder of a challenge: all of nnU-Net's files, from the raw data set to the trained folds.

nnU-Net finds its three folders through environment variables; `WorkFolder.nnunet_environment` sets them, so that users
need none.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError, OutputError
from hnseg.machine import usable_threads

CONFIGURATION = "3d_fullres"
UNFINISHED = ".conversion"
"""Name of the folder in a raw data set that is there until all patients are converted."""


@dataclass(frozen=True)
class WorkFolder:
    """nnU-Net's folders of one challenge.

    Attributes:
        root: Folder that the user named.
        dataset: Name of the data set in nnU-Net, such as Dataset504_hnts_mrg.
    """

    root: Path
    dataset: str

    @classmethod
    def create(cls, root: Path, *, challenge: str, dataset_id: int) -> WorkFolder:
        """Make the folders of a new data set.

        Raises:
            InputError: The work folder holds one already or what was preprocessed of one, or the number has more than
                three digits.
            OutputError: The folders can't be made.
        """
        if not 1 <= dataset_id <= 999:
            raise InputError(f"A data set's number must lie between 1 and 999 (nnU-Net's rule), found {dataset_id}.")
        if found := _datasets(root, challenge):
            raise InputError(
                f"The work folder {root} holds {found[0]} already."
                " Remove it or name another folder; nothing was converted."
            )
        work = cls(root.resolve(), f"Dataset{dataset_id:03d}_{challenge}")
        if work.preprocessed.exists():
            raise InputError(
                f"A new data set must have folders of its own, but {work.preprocessed} is there already."
                " Is it an earlier data set's? Remove it or name another folder; nothing was converted."
            )
        made: list[Path] = []
        try:
            for folder in (work.raw, work.preprocessed):
                folder.mkdir(parents=True)
                made.append(folder)
            for folder in (work.raw / "imagesTr", work.raw / "labelsTr"):
                folder.mkdir()
        except OSError as error:
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)
            raise work.unwritable(error) from error
        return work

    @classmethod
    def to_go_on_with(cls, root: Path, *, challenge: str, dataset_id: int) -> WorkFolder | None:
        """Return the work folder of a data set whose conversion was not finished; None where there is none at all.

        Raises:
            InputError: It holds a whole data set of the challenge, or an unfinished one of another number.
        """
        found = _datasets(root, challenge)
        if not found:
            return None
        work = cls(root.resolve(), found[0])
        if len(found) > 1 or not work.is_unfinished:
            raise InputError(
                f"The work folder {root} holds {found[0]} already."
                " Remove it or name another folder; nothing was converted."
            )
        if work.dataset_id != dataset_id:
            raise InputError(
                f"The conversion in {root} must be gone on with by its own number, but it is {found[0]} and"
                f" {dataset_id} was asked for. Give --dataset-id {work.dataset_id}, or remove that folder."
            )
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
        work = cls(root.resolve(), found[0])
        if (work.raw / UNFINISHED).is_dir():
            raise InputError(
                f"The data set {found[0]} in {root} must be whole, but its conversion was not finished."
                f" Give the same hnseg-train convert {challenge} again: it goes on where it stopped."
            )
        return work

    @property
    def is_unfinished(self) -> bool:
        """Whether the conversion was begun and not finished: its states are there, or no file at all."""
        return (self.raw / UNFINISHED).is_dir() or not any(path.is_file() for path in self.raw.rglob("*"))

    @property
    def dataset_id(self) -> int:
        """Number of the data set in nnU-Net, 1 to 999."""
        return int(self.dataset[len("Dataset") :][:3])

    @property
    def raw(self) -> Path:
        """Folder of the data set as converted: imagesTr, labelsTr, dataset.json, method.json."""
        return self.root / "nnUNet_raw" / self.dataset

    @property
    def preprocessed(self) -> Path:
        """Folder of the fingerprint, plans, splits and resampled cases."""
        return self.root / "nnUNet_preprocessed" / self.dataset

    def discard(self) -> None:
        """Remove the data set, as after a conversion that failed; the work folder itself stays."""
        for folder in (self.raw, self.preprocessed):
            shutil.rmtree(folder, ignore_errors=True)

    def unwritable(self, error: OSError) -> OutputError:
        """Return the error of a work folder that can't be written to, with the system's reason."""
        from hnseg.imaging.files.output_files import reason_of  # here, since it needs SimpleITK, and --help does not

        return OutputError(
            f"The work folder {self.root} must be writable, but writing there failed ({reason_of(error)})."
            " Is it a folder, with space and permission to write?"
        )

    def plans_file(self, plans_name: str) -> Path:
        """Return nnU-Net's file of the plans of a name; it need not exist."""
        return self.preprocessed / f"{plans_name}.json"

    def results(self, name: str) -> Path:
        """Return the genuine nnU-Net result folder of a name; it need not exist."""
        return self.root / "nnUNet_results" / self.dataset / name

    @contextmanager
    def nnunet_environment(self, *, augmenters: int | None = None) -> Iterator[None]:
        """Set nnU-Net's environment variables, for this process and those it starts, until the block ends.

        They name nnU-Net's three folders and limit its helping processes. Variables that were set before get their
        values back.

        Args:
            augmenters: Processes that augment training patches; 0 augments in the training process, None leaves
                nnU-Net's own choice.
        """
        variables = {name: str(self.root / name) for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results")}
        variables["nnUNet_def_n_proc"] = str(usable_threads())
        if augmenters is not None:
            variables["nnUNet_n_proc_DA"] = str(augmenters)
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def read_json(path: Path, *, having: Sequence[str] = ()) -> Any:
    """Return the content of a JSON file.

    Args:
        path: The file.
        having: Keys that its object must have; none for any content.

    Raises:
        InputError: The file is missing, is no JSON or lacks a key.
    """
    try:
        content = json.loads(read_bounded(path, most_mib=256))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"{path} must be a JSON file, but it can't be read as one: {reason}. Is it missing, or cut off?"
        ) from error
    if having and not (isinstance(content, dict) and content.keys() >= set(having)):
        raise InputError(f"{path} must be a JSON object with {', '.join(having)}, but it is not. Was it changed?")
    return content


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, indented for people to read; it is there whole or not at all."""
    aside = path.with_name(f".{path.name}.unfinished")
    aside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    aside.replace(path)


def _datasets(root: Path, challenge: str) -> list[str]:
    """Return nnU-Net's names of the data sets of a challenge in a folder, sorted."""
    return sorted(folder.name for folder in (root / "nnUNet_raw").glob(f"Dataset[0-9][0-9][0-9]_{challenge}"))
