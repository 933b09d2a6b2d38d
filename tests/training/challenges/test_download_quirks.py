"""Quirks of downloads of HaN-Seg and HNTS-MRG: each is accepted, noted where it is due, or in the list of problems.

Two patients of each challenge, whose files a quirk changes; then the whole conversion.
"""

import gzip
import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import SimpleITK as sitk

from containers.han_seg.method import Settings as HanSegSettings
from containers.hnts_mrg.method import Settings as HntsSettings
from hnseg.errors import ProblemsError
from hnseg.imaging.geometry import Grid, image_of
from hnseg_training.challenges.han_seg.convert import convert as convert_han_seg
from hnseg_training.challenges.hnts_mrg.convert import convert as convert_hnts_mrg
from tests.support.tiny_han_seg import GRID as HAN_SEG_GRID
from tests.support.tiny_han_seg import write_patient as write_han_seg
from tests.training.conftest import GRID as HNTS_GRID
from tests.training.conftest import write_patient as write_hnts_mrg

HAN_SEG, HNTS_MRG = "HaN-Seg/set_1", "HNTSMRG24_train"


class Quirk(NamedTuple):
    """Quirk of a download.

    Attributes:
        words: What it is.
        make: Function that changes the folder of the patients.
        problem: Start of the line in the list of problems; empty where the quirk is accepted.
        note: Text in the log or in conversion.json of what is accepted; empty where nothing is to be said.
    """

    words: str
    make: Callable[[Path], object]
    problem: str = ""
    note: str = ""


def ct(root: Path) -> Path:
    return root / "case_02" / "case_02_IMG_CT.nrrd"


def eye(root: Path) -> Path:
    return root / "case_02" / "case_02_OAR_Eye_PL.seg.nrrd"


def t2w(root: Path) -> Path:
    return root / "2" / "midRT" / "2_midRT_T2.nii.gz"


def mask(root: Path) -> Path:
    return root / "2" / "midRT" / "2_midRT_mask.nii.gz"


def changed(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Write an image with other voxels on the same grid."""
    image = sitk.ReadImage(str(path))
    sitk.WriteImage(image_of(change(sitk.GetArrayFromImage(image)), Grid.of(image)), str(path))


def with_nan(voxels: np.ndarray) -> np.ndarray:
    voxels = voxels.astype(np.float32)
    voxels[0, 0, 0] = np.nan
    return voxels


def nested(root: Path) -> None:
    """Move HaN-Seg into a second folder of its name, as some programs unpack archives."""
    (root.parent / "HaN-Seg").mkdir()
    root.rename(root.parent / "HaN-Seg" / root.name)


def apples(root: Path) -> None:
    """Leave what macOS does: AppleDouble files beside every file, and __MACOSX."""
    for path in list(root.rglob("*.nrrd")):
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\26\7")
    shutil.copytree(root / "case_01", root / "__MACOSX" / "case_01")
    (root / ".DS_Store").touch()


def compressed(path: Path) -> None:
    Path(f"{path}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def rewritten(path: Path, name: str) -> None:
    """Write an image under another name, which decides the format, in place of the former file."""
    sitk.WriteImage(sitk.ReadImage(str(path)), str(path.with_name(name)))
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def linked(path: Path) -> None:
    """Put a link to a file or folder in its place."""
    path.rename(path.parent.parent / f"store of {path.name}")
    path.symlink_to(path.parent.parent / f"store of {path.name}")


def cropped(path: Path) -> None:
    image = sitk.ReadImage(str(path))
    sitk.WriteImage(image[: image.GetWidth() - 4], str(path))


def four_dimensional(path: Path) -> None:
    image = sitk.ReadImage(str(path))
    sitk.WriteImage(sitk.JoinSeries([image, image]), str(path))


def renamed_patient(root: Path, former: str, name: str) -> None:
    """Copy a patient's folder, and the names in it, as another patient."""
    shutil.copytree(root / former, root / name)
    for path in sorted((root / name).rglob(f"{former}_*")):
        path.rename(path.with_name(path.name.replace(former, name, 1)))


def capitals(root: Path) -> None:
    for path in list(root.rglob("*.seg.nrrd")):
        path.rename(path.with_name(path.name.replace(".seg.nrrd", ".SEG.NRRD")))


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "moved away.nrrd")


HAN_SEG_QUIRKS = [
    Quirk("archive unpacked into a folder of its own name", nested),
    Quirk("files of macOS", apples),
    Quirk("names in capitals", capitals),
    Quirk(
        "CT compressed after the download",
        lambda root: compressed(ct(root)),
        problem="case_02: .*only case_02_IMG_CT.nrrd.gz is there",
    ),
    Quirk("mask as NIfTI", lambda root: rewritten(eye(root), "case_02_OAR_Eye_PL.nii.gz")),
    Quirk(
        "CT cut by an interrupted download",
        lambda root: cut(ct(root)),
        problem="case_02: The CT must be a readable image",
    ),
    Quirk(
        "file of no bytes", lambda root: ct(root).write_bytes(b""), problem="case_02: The CT must be a readable image"
    ),
    Quirk(
        "mask cropped to the structure",
        lambda root: cropped(eye(root)),
        problem="case_02: The mask .* must lie on the grid",
    ),
    Quirk(
        "mask of 255",
        lambda root: changed(eye(root), lambda mask: mask * 255),
        problem="case_02: The mask of Eye_PL must hold only 0, 1",
    ),
    Quirk("mask as floating point", lambda root: changed(eye(root), lambda mask: mask.astype(np.float64))),
    Quirk(
        "mask with NaN", lambda root: changed(eye(root), with_nan), problem="case_02: The mask of Eye_PL must hold only"
    ),
    Quirk("empty mask", lambda root: changed(eye(root), np.zeros_like), note='"empty_masks": ["Eye_PL"]'),
    Quirk(
        "same patient under two numbers",
        lambda root: renamed_patient(root, "case_02", "case_2"),
        problem="case_02: Patients must be different people, but 'case_2' and 'case_02'",
    ),
    Quirk(
        "copy of a patient's folder",
        lambda root: renamed_patient(root, "case_02", "case_02 (1)"),
        problem=r"case_02 \(1\): Patients must be different people",
    ),
    Quirk("links to files and folders", lambda root: (linked(eye(root)), linked(root / "case_01"))),
    Quirk("link to a file that was moved", lambda root: dangling(ct(root)), problem="case_02: .*must hold the CT"),
    Quirk(
        "two files for an organ",
        lambda root: shutil.copy(eye(root), eye(root).with_name("case_02_OAR_Eye_PL.nrrd")),
        problem="case_02: Every image and organ must have one file",
    ),
    Quirk(
        "organ of a copied file",
        lambda root: shutil.copy(eye(root), eye(root).with_name("case_02_OAR_Eye_PL (1).seg.nrrd")),
        problem="case_02: Masks must be named",
    ),
    Quirk(
        "CT of two volumes", lambda root: four_dimensional(ct(root)), problem="case_02: The CT must be one 3-D image"
    ),
    Quirk(
        "CT with NaN", lambda root: changed(ct(root), with_nan), problem="case_02: The CT must hold finite numbers only"
    ),
    Quirk(
        "other folders of the release",
        lambda root: (root / "set_2_masks").mkdir(),
        note="not understood, and not converted: set_2_masks/",
    ),
]

HNTS_MRG_QUIRKS = [
    Quirk(
        "missing pre-treatment image",
        lambda root: (root / "2/preRT/2_preRT_T2.nii.gz").unlink(),
        problem="2: .*2_preRT_T2.nii.gz must be there",
    ),
    Quirk(
        "same patient under two numbers",
        lambda root: renamed_patient(root, "2", "02"),
        problem="02: Patients must be different people, but '2' and '02'",
    ),
    Quirk(
        "folder of a second version",
        lambda root: shutil.copytree(root / "2", root / "2_v2"),
        note="not understood, and not converted: 2_v2/",
    ),
    Quirk(
        "label 3",
        lambda root: changed(mask(root), lambda mask: mask + (mask == 2)),
        problem="2: The tumour mask must hold only 0, 1",
    ),
    Quirk("files that a browser inflated", lambda root: rewritten(t2w(root), "2_midRT_T2.nii")),
    Quirk(
        "inflated beside the archive's",
        lambda root: shutil.copy(t2w(root), t2w(root).with_name("2_midRT_T2.nii")),
        problem="2: Every image and mask must have one file",
    ),
    Quirk(
        "inflated under the name of a compressed file",
        lambda root: t2w(root).write_bytes(gzip.decompress(t2w(root).read_bytes())),
        problem="2: The T2w must be a readable image",
    ),
    Quirk(
        "empty mask of a complete response",
        lambda root: changed(mask(root), np.zeros_like),
        note="; 1 with an empty mask",
    ),
    Quirk(
        "masks of two visits mixed up",
        lambda root: cropped(mask(root)),
        problem="2: The mask .* must lie on the grid of its T2w",
    ),
    Quirk("image of nothing", lambda root: changed(t2w(root), np.zeros_like), problem="2: The T2w must show something"),
    Quirk("registered T2w left out", lambda root: (root / "2/midRT/2_preRT_T2_registered.nii.gz").unlink()),
    Quirk("files of Windows", lambda root: [(root / "2" / name).touch() for name in ("Thumbs.db", "desktop.ini")]),
    Quirk("folder of a visit in lower case", lambda root: (root / "2/midRT").rename(root / "2/midrt")),
    Quirk("times of a copy without them", lambda root: os.utime(t2w(root), (0, 0))),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Downloads of both challenges without a quirk."""
    folder = tmp_path_factory.mktemp("downloads")
    for shift, name in enumerate(("case_01", "case_02")):
        write_han_seg(folder / HAN_SEG / name, shift=shift)
    for name in ("2", "5"):
        write_hnts_mrg(folder / HNTS_MRG / name, rng=np.random.default_rng(int(name)))
    return folder


def convert(challenge, source, output):
    if challenge == HAN_SEG:
        return convert_han_seg(source, output, settings=HanSegSettings(mr_channel=False))
    return convert_hnts_mrg(source, output, settings=HntsSettings())


@pytest.mark.parametrize(
    ("challenge", "quirk"),
    [
        pytest.param(challenge, quirk, id=f"{challenge[:4]}-{quirk.words}")
        for challenge, quirks in ((HAN_SEG, HAN_SEG_QUIRKS), (HNTS_MRG, HNTS_MRG_QUIRKS))
        for quirk in quirks
    ],
)
def test_a_quirk_is_accepted_or_in_the_list(whole, tmp_path, caplog, challenge, quirk):
    caplog.set_level(logging.INFO)
    top = challenge.split("/")[0]
    shutil.copytree(whole / top, tmp_path / "source" / top)
    quirk.make(tmp_path / "source" / challenge)
    if quirk.problem:
        with pytest.raises(ProblemsError, match=rf"\n  {quirk.problem}"):
            convert(challenge, tmp_path / "source", tmp_path / "work")
        return
    work = convert(challenge, tmp_path / "source", tmp_path / "work")
    record = json.loads((work.raw / "conversion.json").read_text())
    assert len(record["patients"]) == 2
    assert quirk.note in caplog.text + json.dumps(record)
    assert bool(record["not_converted"]) == ("not understood" in quirk.note)


def test_the_tiny_grids_are_those_of_the_downloads(whole):
    """The quirks change grids; without one both challenges' files agree."""
    assert Grid.of(sitk.ReadImage(str(eye(whole / HAN_SEG)))).matches(HAN_SEG_GRID)
    assert Grid.of(sitk.ReadImage(str(mask(whole / HNTS_MRG)))).matches(HNTS_GRID)
