import pytest

from hnseg.errors import InputError
from hnseg_training.challenges.recurrence.sources import find_sources
from tests.support.tiny_recurrence import PATIENTS, write_labels, write_source


@pytest.fixture
def source(tmp_path):
    return write_source(tmp_path / "source")


def test_recurrences_may_be_one_file_or_several_in_the_order_of_their_numbers(source):
    for number in range(3, 12):
        write_labels(source / "ben" / f"recurrence_{number}.nii.gz")
    found = find_sources(source).sources
    assert [one.name for one in found] == list(PATIENTS)
    assert [path.name for path in found[0].recurrences] == ["recurrence.nii.gz"]
    assert [path.name for path in found[1].recurrences] == [f"recurrence_{number}.nii.gz" for number in range(1, 12)]
    assert found[0].images == {stem: source / "ann" / f"{stem}.nii.gz" for stem in ("ct", "pet", "gtv")}


def test_other_formats_and_capitals_are_found(source):
    (source / "ann" / "ct.nii.gz").rename(source / "ann" / "CT.NII.GZ")
    (source / "ann" / "pet.nii.gz").rename(source / "ann" / "pet.mha")
    images = find_sources(source).sources[0].images
    assert [images["ct"].name, images["pet"].name] == ["CT.NII.GZ", "pet.mha"]


def test_missing_files_of_all_patients_are_named(source):
    (source / "ann" / "ct.nii.gz").unlink()
    (source / "ben" / "recurrence_1.nii.gz").unlink()
    (source / "cid" / "recurrence.nii.gz").unlink()
    (source / "eve" / "pet.nii.gz").unlink()
    found = find_sources(source)
    assert [(one.patient, one.sentence.split(", but ")[1].split(" in ")[0]) for one in found.problems] == [
        ("ann", "ct is missing"),
        ("ben", "recurrence_1 is missing"),
        ("cid", "recurrence is missing"),
        ("eve", "pet is missing"),
    ]
    assert [one.name for one in found.sources] == ["dot"]


def test_files_that_are_there_twice_are_named(source):
    write_labels(source / "ann" / "gtv.mha")
    write_labels(source / "ben" / "recurrence.nii.gz")
    problems = find_sources(source).problems
    assert [(one.patient, one.sentence.split(", but ")[1].split(" in ")[0]) for one in problems] == [
        ("ann", "gtv is there twice"),
        ("ben", "recurrence is there twice"),
    ]


def test_unknown_files_are_left_over_and_known_ones_are_not(source):
    for name in ("brain.nii.gz", "ctv1.nii.gz", "recurence_2.nii.gz"):
        write_labels(source / "dot" / name)
    (source / "dot" / "origins.csv").touch()
    (source / "notes").mkdir()
    found = find_sources(source)
    assert len(found.sources) == len(PATIENTS)
    assert found.leftovers == ["dot/recurence_2.nii.gz", "notes/"]


def test_patients_may_lie_further_down(source):
    deeper = source.rename(source.with_name("ann's export"))
    outer = source.with_name("outer")
    outer.mkdir()
    deeper.rename(outer / deeper.name)
    assert [one.name for one in find_sources(outer).sources] == list(PATIENTS)


def test_a_folder_without_patients_is_refused(source):
    with pytest.raises(InputError, match=r"must hold a folder a patient with ct\.nii\.gz, pet\.nii\.gz, gtv\.nii\.gz"):
        find_sources(source / "ann")
