"""Conversion of HNTS-MRG 2024 (Zenodo 11199559): from `HNTSMRG24_train/<patient>/preRT|midRT/` to an nnU-Net data set.

Each patient gives two samples. `<patient>` is the mid-RT T2w with the registered pre-RT mask as its prior;
`<patient>pre` is the pre-RT T2w with its own mask as prior and as truth, and is trained on only. The margins of the
gradient map's boxes are drawn once per sample, here, as the method's authors did. nnU-Net keeps one copy of a sample,
so validation inside the cross-validation has drawn margins too; the container uses the fixed ones.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import SimpleITK as sitk
import typer

from containers.hnts_mrg.method import Settings, channels_of
from containers.hnts_mrg.spec import LABELS
from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_scan, read_volume
from hnseg.imaging.files.visible import in_any_case, visible_in
from hnseg.imaging.geometry import Grid
from hnseg.imaging.gradient_map import GradientMapSettings
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg_training.dataset.completeness import check_nothing_missing, log_untaken
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.raw_dataset import Description, write_description, write_sample
from hnseg_training.dataset.splits import SPLITS_FILE, Patient, dealt_folds
from hnseg_training.dataset.work_folder import WorkFolder, write_json
from hnseg_training.progress import tracked

logger = logging.getLogger(__name__)

CHALLENGE = "hnts_mrg"
TITLE = "HNTS-MRG 2024"
KNOWN_SETTINGS = {"default": Settings(), "paper": Settings(gradient_map=GradientMapSettings.paper())}


@dataclass(frozen=True)
class Visit:
    """Files of one image of a patient, with its prior mask and the mask to learn.

    Attributes:
        sample: Name of the sample in nnU-Net.
        t2w: T2w image.
        prior: Mask that the gradient map is drawn around, on the image's grid.
        truth: Mask to learn, on the image's grid.
    """

    sample: str
    t2w: Path
    prior: Path
    truth: Path

    @property
    def files(self) -> tuple[Path, Path, Path]:
        """Files of the image and both masks, of which two may be the same."""
        return self.t2w, self.prior, self.truth


def command(
    source: Annotated[Path, typer.Argument(help="HNTSMRG24_train, or the folder that holds it.")],
    output: Annotated[Path, typer.Option(help="The work folder to make the data set in.")],
    dataset_id: Annotated[int, typer.Option(help="nnU-Net's number of the data set.")] = 504,
    gradient_channel: Annotated[bool, typer.Option(help="Without it the network sees the T2w alone.")] = True,
    settings: Annotated[
        str, typer.Option(help='"default", "paper", or a JSON file with the method\'s settings.')
    ] = "default",
    seed: Annotated[int, typer.Option(min=0, help="Of the boxes' margins and the folds.")] = 42,
) -> None:
    """Convert the public data of HNTS-MRG 2024."""
    chosen = read_settings(settings, KNOWN_SETTINGS).model_copy(update={"gradient_channel": gradient_channel})
    # In the paper the map is z-scored like the T2w; its values lie in [0, 1] already, so that by default it is not.
    map_name = "gradient map" if settings == "paper" else "noNorm"
    convert(source, output, settings=chosen, map_name=map_name, dataset_id=dataset_id, seed=seed)


def convert(
    source: Path, output: Path, *, settings: Settings, map_name: str = "noNorm", dataset_id: int = 504, seed: int = 42
) -> WorkFolder:
    """Write the data set, its folds and the method's settings.

    Args:
        source: Folder HNTSMRG24_train, or the folder that holds it.
        output: Work folder to make.
        settings: Settings of the method, written as method.json.
        map_name: Name of the gradient channel in nnU-Net, which decides its normalisation.
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        seed: Seed of the margins and the folds.

    Returns:
        Work folder, ready to be planned.

    Raises:
        InputError: A file is missing or not what it must be, or the work folder holds a data set already.
    """
    visits = find_visits(source)
    patients = [Patient(name, (mid.sample,), (pre.sample,)) for name, (mid, pre) in visits.items()]
    folds = dealt_folds(patients, seed=seed)
    with WorkFolder.begun(output, challenge=CHALLENGE, dataset_id=dataset_id) as work:
        for name, pair in tracked(visits.items(), total=len(visits), title="converting patients"):
            for number, visit in enumerate(pair):
                rng = np.random.default_rng([seed, int(name), number])
                _convert_visit(work, visit, settings, rng)
        names = ["T2w", map_name] if settings.gradient_channel else ["T2w"]
        write_description(work, Description(TITLE, names, LABELS, samples=2 * len(visits)))
        write_json(work.raw / METHOD_FILE, settings.model_dump(mode="json"))
        write_json(work.preprocessed / SPLITS_FILE, folds)
    logger.info("converted %d patients to %s", len(visits), work.raw)
    return work


def find_visits(source: Path) -> dict[str, tuple[Visit, Visit]]:
    """Return the mid-RT and the pre-RT image of every patient, in the order of their numbers.

    Raises:
        InputError: There are no patients, or files are missing.
    """
    root = source / "HNTSMRG24_train" if (source / "HNTSMRG24_train").is_dir() else source
    visits = {name: (_mid(root, name), _pre(root, name)) for name in _patients_in(root)}
    if not visits:
        raise InputError(
            f"{source} must hold HNTSMRG24_train/<number>/preRT and midRT, but there is no patient's folder in it."
            " Was the archive unpacked there?"
        )
    wanted = {path for pair in visits.values() for visit in pair for path in visit.files}
    missing = sorted(str(path.relative_to(root)) for path in wanted if not path.is_file())
    check_nothing_missing(missing, must="Every patient's folder must be complete", root=root)
    log_untaken(root, wanted)
    return visits


def _patients_in(root: Path) -> list[str]:
    """Return the names of the patients' folders, which are numbers, in order."""
    return sorted((path.name for path in visible_in(root) if path.name.isdecimal() and path.is_dir()), key=int)


def _mid(root: Path, name: str) -> Visit:
    """Return a patient's mid-RT files, which need not exist."""
    folder = root / name / "midRT"
    return Visit(
        sample=name,
        t2w=in_any_case(folder / f"{name}_midRT_T2.nii.gz"),
        prior=in_any_case(folder / f"{name}_preRT_mask_registered.nii.gz"),
        truth=in_any_case(folder / f"{name}_midRT_mask.nii.gz"),
    )


def _pre(root: Path, name: str) -> Visit:
    """Return a patient's pre-RT files, which need not exist."""
    folder = root / name / "preRT"
    mask = in_any_case(folder / f"{name}_preRT_mask.nii.gz")
    return Visit(sample=f"{name}pre", t2w=in_any_case(folder / f"{name}_preRT_T2.nii.gz"), prior=mask, truth=mask)


def _convert_visit(work: WorkFolder, visit: Visit, settings: Settings, rng: np.random.Generator) -> None:
    """Write the sample of an image."""
    t2w = read_scan(visit.t2w, title="T2w")
    prior = _read_mask(visit.prior, visit.t2w, t2w)
    truth = _read_mask(visit.truth, visit.t2w, t2w)
    write_sample(work, visit.sample, channels_of(t2w, prior, settings, rng=rng), truth)


def _read_mask(path: Path, t2w_path: Path, t2w: sitk.Image) -> sitk.Image:
    """Read a mask, which must lie on the grid of its T2w to a twentieth of a voxel, and gets that grid."""
    mask = read_volume(path, title="tumour mask", labels=LABELS)
    found, grid = Grid.of(mask), Grid.of(t2w)
    if not found.is_close_to(grid):
        raise InputError(
            f"The mask {path} must lie on the grid of its T2w {t2w_path.name}, but it has {found.differences(grid)}."
            " Are files of two visits or two patients mixed up?"
        )
    mask.CopyInformation(t2w)
    return mask
