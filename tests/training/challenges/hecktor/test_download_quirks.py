"""Quirks that downloads of PET/CT data have: each is accepted with a note, or in the one list of problems."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hecktor.method import SETTINGS
from hnseg.errors import InputError
from hnseg.imaging.geometry import image_of
from hnseg_training.challenges.hecktor.convert import Options, convert
from tests.support.tiny_hecktor import GRID, PET_GRID, labels_of, paths_of, write_source

ONE, OTHER = "CHUM-001", "CHUM-002"
ROOT = "hecktor2026_training"

Quirk = Callable[[Path], None]


def folder(source: Path, patient: str = ONE) -> Path:
    return source / ROOT / patient


def renamed(old: str, new: str) -> Quirk:
    return lambda source: (source / old).rename(source / new) and None


def in_folders(*names: str) -> Quirk:
    def spoil(source: Path) -> None:
        inner = (source / ROOT).rename(source.with_name("moved"))
        place = source.joinpath(*names)
        place.parent.mkdir(parents=True, exist_ok=True)
        inner.rename(place)

    return spoil


def each_file(rename: Callable[[str], str]) -> Quirk:
    def spoil(source: Path) -> None:
        for path in list(folder(source).iterdir()):
            path.rename(path.with_name(rename(path.name)))

    return spoil


def image_changed(which: int, change: Callable[[sitk.Image], sitk.Image]) -> Quirk:
    def spoil(source: Path) -> None:
        path = paths_of(source, ONE)[which]
        sitk.WriteImage(change(sitk.ReadImage(str(path))), str(path))

    return spoil


def table(text: str, *, encoding: str = "utf-8", name: str = "table.csv") -> Quirk:
    return lambda source: (source / ROOT / name).write_text(text, encoding=encoding) and None


def beside(*names: str, content: bytes = b"?") -> Quirk:
    def spoil(source: Path) -> None:
        for name in names:
            (source / ROOT / name).parent.mkdir(exist_ok=True)
            (source / ROOT / name).write_bytes(content)

    return spoil


def uncompressed(source: Path, *, kept: bool = False) -> None:
    for path in paths_of(source, ONE):
        sitk.WriteImage(sitk.ReadImage(str(path)), str(path).removesuffix(".gz"))
        if not kept:
            path.unlink()


def copied(new: str, *, files_too: bool) -> Quirk:
    def spoil(source: Path) -> None:
        copy = Path(shutil.copytree(folder(source), folder(source, new)))
        for path in list(copy.iterdir()) if files_too else []:
            path.rename(path.with_name(path.name.replace(ONE, new)))

    return spoil


def three_tasks(source: Path) -> None:
    in_folders("hecktor2025_training", "Task 1")(source)
    for task in ("Task 2", "Task 3"):
        other = Path(
            shutil.copytree(source / "hecktor2025_training" / "Task 1", source / "hecktor2025_training" / task)
        )
        for path in other.glob("*/*.nii.gz"):
            if "__" not in path.name:
                path.unlink()


def moved_away(image: sitk.Image) -> sitk.Image:
    image.SetOrigin((2000.0, 0.0, 0.0))
    return image


def labels_on_grid_of_pet(source: Path) -> None:
    label_map = sitk.ReadImage(str(paths_of(source, ONE)[2]))
    like = image_of(np.zeros(PET_GRID.shape_zyx, np.uint8), PET_GRID)
    sitk.WriteImage(
        sitk.Resample(label_map, like, sitk.Transform(), sitk.sitkNearestNeighbor), str(paths_of(source, ONE)[2])
    )


def of_other_labels(_: sitk.Image) -> sitk.Image:
    return image_of(np.where(labels_of(ONE) == 2, 3, labels_of(ONE)).astype(np.uint8), GRID)


def cut_off(source: Path) -> None:
    path = paths_of(source, ONE)[0]
    path.write_bytes(path.read_bytes()[:-2000])


ROWS = "CHUM-001{0}61{0}1{0}400{1}5\nCHUM-002{0}50{0}0{0}900\n"
SEMICOLONS = "PatientID;Age;Relapse;RFS_days\n" + ROWS.format(";", ",")
COMMAS = "PatientID,Age,Relapse,RFS\n" + ROWS.format(",", ".")

# Quirk, and the note on it; none where it is one of many forms that mean the same.
ACCEPTED: dict[str, tuple[Quirk, str]] = {
    "an archive unpacked into a folder of its own name": (
        in_folders("hecktor2022_training", "hecktor2022_training"),
        "lie in hecktor2022_training/hecktor2022_training",
    ),
    "a folder that the release itself names": (
        in_folders("HECKTOR 2025 Training Data Defaced ALL"),
        "lie in HECKTOR 2025 Training Data Defaced ALL",
    ),
    "tasks without label maps beside the first": (three_tasks, "lie in hecktor2025_training/Task 1"),
    "images' kinds in small letters": (
        each_file(lambda name: name.replace("__CT", "__ct").replace("__PT", "__pt")),
        "in several cases, with blanks or with underscores: 1",
    ),
    "names in small letters": (each_file(str.lower), "in several cases, with blanks or with underscores: 1"),
    "underscores in the label map's name alone": (
        renamed(f"{ROOT}/{ONE}/{ONE}.nii.gz", f"{ROOT}/{ONE}/CHUM_001.nii.gz"),
        "with blanks or with underscores: 1",
    ),
    "a trailing blank in a folder's name": (
        renamed(f"{ROOT}/{ONE}", f"{ROOT}/{ONE} "),
        "with blanks or with underscores: 1",
    ),
    "files that are not compressed": (uncompressed, "not compressed: 3"),
    "no PET": (lambda source: paths_of(source, ONE)[1].unlink(), "without a PET: 1"),
    "a PET that doesn't reach the CT": (image_changed(1, moved_away), "covers 0.0% of the body on the CT"),
    "a label map on the PET's grid": (labels_on_grid_of_pet, "The label map was laid on the CT's grid"),
    "a label map of floats": (image_changed(2, lambda image: sitk.Cast(image, sitk.sitkFloat64)), ""),
    "folders and files of other kinds": (beside("notes/read me.txt", "CHUM-009/scan.dcm"), "CHUM-009/"),
    "an archive beside its content": (beside("more.zip"), "more.zip"),
    "a table with semicolons and decimal commas": (table(SEMICOLONS), ""),
    "a table in UTF-16": (table(SEMICOLONS, encoding="utf-16"), ""),
    "a table with tabs and 16,384 columns": (
        table(COMMAS.replace(",", "\t").replace("\n", "\t" * 16_000 + "\n")),
        "",
    ),
    "a patient twice in the table, alike": (
        table(COMMAS + "CHUM-002,50,0,900\n"),
        "repeat a patient .*: 1",
    ),
    "a row without images": (table(COMMAS + "CHUM-777,50,0,900\n"), "of the tables without images: 1"),
    "images without a row": (table(COMMAS.replace(OTHER, "")), "without a row in a table, .*: 1"),
    "no table": (lambda source: (source / ROOT / "table.csv").unlink(), "no table with a column PatientID"),
    "a table of something else": (beside("suv_tags.csv", content=b"pid,factor\n1,2\n"), "no column PatientID"),
    "a workbook beside the table": (beside("EHR.xlsx", content=b"PK\3\4"), "Workbooks are not read: EHR.xlsx"),
}

# Quirk, patient and sentence in the list.
REFUSED: dict[str, tuple[Quirk, str, str]] = {
    "a copy of a patient's folder": (
        copied("CHUM-001_v2", files_too=False),
        "CHUM-001_v2",
        "must be named after it, but .*CHUM-001_v2 holds CHUM-001__CT.nii.gz. Is it a copy",
    ),
    "a second version of a patient": (copied("CHUM-001_v2", files_too=True), "CHUM-001_v2", "look like one"),
    "a patient's number with and without zeros": (copied("CHUM-1", files_too=True), "CHUM-001", "look like one"),
    "a file beside its compressed copy": (
        lambda source: uncompressed(source, kept=True),
        ONE,
        "must have one CT, but there are .*CHUM-001__CT.nii and .*CHUM-001__CT.nii.gz",
    ),
    "a folder beside one whose name ends with a blank": (
        copied("CHUM-001 ", files_too=False),
        ONE,
        "must have one CT, but there are .*CHUM-001/CHUM-001__CT.nii.gz and .*CHUM-001 /CHUM-001__CT.nii.gz",
    ),
    "a PET in Bq/ml": (image_changed(1, lambda pet: pet * 5000), ONE, "PET must be in SUV.*convert_nifti_Bq_SUV"),
    "a CT without its rescale intercept": (image_changed(0, lambda ct: ct + 1024), ONE, "in Hounsfield units"),
    "a label 3": (image_changed(2, of_other_labels), ONE, r"only 0, 1 \(GTVp\), 2 \(GTVn\), but .* holds 3"),
    "a label map of another place": (image_changed(2, moved_away), ONE, "none of the .* ml of GTVp"),
    "a file of no bytes": (lambda source: paths_of(source, ONE)[2].write_bytes(b"") and None, ONE, "can't be read"),
    "a file that was cut off": (cut_off, ONE, "CHUM-001__CT.nii.gz can't be read as one"),
    "a missing label map": (lambda source: paths_of(source, ONE)[2].unlink(), ONE, "CHUM-001.nii.gz is missing"),
    "rows of a patient that contradict each other": (
        table(COMMAS + "CHUM-001,62,1,400.5\n"),
        ONE,
        "Age must be one value .* it is '61' in line 2 of .* and '62' in line 4",
    ),
    "a follow-up that is no number": (table(COMMAS.replace("900", "lost")), OTHER, "RFS must be a number, .*'lost'"),
    "a follow-up in months": (table(COMMAS.replace("RFS", "RFS (months)")), "", "must be in days, .*months"),
    "a workbook named .csv": (beside("table.csv", content=b"PK\3\4\x14\0"), "", "a workbook .*save its sheet as CSV"),
}


@pytest.fixture
def source(tmp_path) -> Path:
    return write_source(tmp_path / "source", patients=(ONE, OTHER))


def converted(source: Path, output: Path) -> dict:
    work = convert(source, output, settings=SETTINGS["default"], options=Options())
    return json.loads((work.raw / "conversion.json").read_text())


@pytest.mark.parametrize("quirk", ACCEPTED)
def test_a_quirk_is_accepted_with_a_note(source, tmp_path, quirk):
    spoil, note = ACCEPTED[quirk]
    spoil(source)
    record = converted(source, tmp_path / "work")
    assert list(record["patients"]) == [ONE, OTHER]
    said = [*record["notes"], *record["not_converted"], *record["patients"][ONE]["notes"]]
    if note:
        assert any(re.search(note, text) for text in said), said
    else:
        assert said == [f"The patients lie in {ROOT}."]


def test_what_systems_leave_is_no_data(source, tmp_path):
    beside("desktop.ini", "Thumbs.db", ".DS_Store", "__MACOSX/._CHUM-001", f"{ONE}/._{ONE}__CT.nii.gz")(source)
    assert converted(source, tmp_path / "work")["not_converted"] == []


def test_known_files_of_other_tasks_are_not_left_over(source, tmp_path):
    beside(f"{ONE}/{ONE}__RTDOSE.nii.gz", f"{ONE}/{ONE}__CTPlanning.nii.gz")(source)
    assert converted(source, tmp_path / "work")["not_converted"] == []


def test_an_archive_that_was_not_unpacked_is_named(source, tmp_path):
    shutil.rmtree(source / ROOT)
    (source / "hecktor2026_training.zip").write_bytes(b"PK\3\4")
    with pytest.raises(InputError, match=r"no patient's folder in it\. Unpack hecktor2026_training\.zip first"):
        converted(source, tmp_path / "work")


def test_all_problems_of_images_and_tables_are_in_one_list_with_the_options_that_cure_them(source, tmp_path):
    for quirk in ("a label 3", "a follow-up that is no number", "a second version of a patient"):
        REFUSED[quirk][0](source)
    with pytest.raises(InputError, match="problems were found of 3 of 3 patients; nothing was converted") as refused:
        converted(source, tmp_path / "work")
    text = str(refused.value)
    assert [f"  {name}: " in text for name in (ONE, OTHER, "CHUM-001_v2")] == [True] * 3
    assert text.splitlines()[-1].startswith("Mend them, or leave these patients out: --leave-out CHUM-001 --leave-out")


@pytest.mark.parametrize("quirk", REFUSED)
def test_a_quirk_is_in_the_one_list_of_problems(source, tmp_path, quirk):
    spoil, patient, sentence = REFUSED[quirk]
    spoil(source)
    with pytest.raises(InputError, match=rf"\n  {patient}(: )?.*{sentence}"):
        converted(source, tmp_path / "work")
    assert not list((tmp_path / "work").rglob("Dataset*"))
