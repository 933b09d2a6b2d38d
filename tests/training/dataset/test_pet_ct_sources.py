import pytest

from hnseg.errors import InputError
from hnseg.phantom.challenges import hecktor as phantom
from hnseg_training.dataset import pet_ct_sources
from hnseg_training.dataset.pet_ct_sources import PetCtFinding, Source
from tests.support.tiny_hecktor import PATIENTS, ROOTS, paths_of, write_source


def find(folder) -> PetCtFinding:
    return pet_ct_sources.find_sources(folder, title="HECKTOR's training data")


def find_sources(folder) -> list[Source]:
    return list(find(folder).sources)


@pytest.fixture
def source(tmp_path):
    return write_source(tmp_path / "source")


@pytest.mark.parametrize("layout", ROOTS)
@pytest.mark.parametrize("folder", ["itself", "the one above"])
def test_each_layout_is_recognised_in_its_folder_and_in_the_one_above(tmp_path, layout, folder):
    write_source(tmp_path, layout, PATIENTS[:2])
    given = tmp_path / ROOTS[layout] if folder == "itself" else tmp_path
    found = find_sources(given)
    assert [source.name for source in found] == ["CHUM-001", "CHUM-002"]
    assert [(source.ct, source.pet, source.label_map) for source in found] == [
        paths_of(tmp_path, name, layout) for name in PATIENTS[:2]
    ]
    assert {source.centre for source in found} == {"CHUM"}


def test_the_phantoms_layouts_are_recognised(tmp_path):
    patient = phantom.draw_patient(3, 0, variant=phantom.VARIANTS["ordinary"])
    for layout, write in phantom.LAYOUTS.items():
        if layout.startswith("challenge"):
            write(patient, tmp_path / layout)
            found = find_sources(tmp_path / layout)
            assert [source.centre for source in found] == [patient.centre]
            assert all(path and path.is_file() for path in (found[0].ct, found[0].pet, found[0].label_map))


def test_a_patient_may_have_no_pet(source):
    paths_of(source, "MDA-001")[1].unlink()
    found = {one.name: one.pet for one in find_sources(source)}
    assert found["MDA-001"] is None
    assert found["MDA-002"].is_file()


@pytest.mark.parametrize("layout", ["2022", "2026"])
def test_missing_files_are_problems_of_their_patients(tmp_path, layout):
    write_source(tmp_path, layout)
    paths_of(tmp_path, "CHUM-001", layout)[0].unlink()
    paths_of(tmp_path, "MDA-002", layout)[2].unlink()
    found = find(tmp_path)
    assert [source.name for source in found.sources] == ["CHUM-002", "CHUM-010", "MDA-001"]
    assert found.names == list(PATIENTS)
    assert [(one.patient, one.sentence.split(", but ")[1].split(" is ")[0]) for one in found.problems] == [
        ("CHUM-001", "CHUM-001__CT.nii.gz"),
        ("MDA-002", "MDA-002.nii.gz"),
    ]


def test_other_files_are_no_patients(source):
    root = source / "hecktor2026_training"
    (root / "notes").mkdir()
    (root / "CHUM-001" / "CHUM-001__RTDOSE.nii.gz").touch()
    (root / "notes" / "template.nii.gz").touch()
    found = find(source)
    assert [one.name for one in found.sources] == list(PATIENTS)
    assert found.leftovers == ["notes/"]  # the dose is of another task


@pytest.mark.parametrize("layout", ["2022", "2026"])
def test_suffixes_in_capitals_are_taken_and_what_systems_leave_is_not(tmp_path, layout):
    source = write_source(tmp_path, layout)
    for path in paths_of(source, "MDA-001", layout):
        path.with_name(f"._{path.name}").touch()
        path.rename(path.with_name(path.name.replace(".nii.gz", ".NII.GZ")))
    found = {one.name: one for one in find_sources(source)}
    assert list(found) == list(PATIENTS)
    patient = found["MDA-001"]
    assert [path.name for path in (patient.ct, patient.pet, patient.label_map)] == [
        "MDA-001__CT.NII.GZ",
        "MDA-001__PT.NII.GZ",
        "MDA-001.NII.GZ",
    ]
    assert find(source).leftovers == []


def test_a_folder_without_patients_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must hold HECKTOR's training data.* there is no patient's folder in it"):
        find_sources(tmp_path)


def test_tables_may_lie_in_every_folder_down_to_the_patients(source):
    root = source / "hecktor2026_training"
    assert find(source).folders == [root, source]
    assert find(root).folders == [root]
