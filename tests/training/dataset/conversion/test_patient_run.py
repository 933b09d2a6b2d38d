import pytest

from hnseg.errors import InputError
from hnseg_training.dataset.conversion.patient_run import convert_patient, standing_of
from hnseg_training.dataset.conversion.unfinished import Unfinished
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.texts_as_patients import Facts, Text


@pytest.fixture
def unfinished(tmp_path):
    """A new data set, held."""
    made = Unfinished(WorkFolder.create(tmp_path / "work", challenge="texts", dataset_id=1))
    with made.held():
        yield made


@pytest.fixture
def source(tmp_path):
    (tmp_path / "a.txt").write_text("abc")
    return Text(tmp_path / "a.txt")


def write(work, source):
    (work.raw / "labelsTr" / f"{source.name}.nii.gz").write_text(source.path.read_text())
    return Facts(length=3)


def write_half_and_refuse(work, source):
    write(work, source)
    raise InputError("It must hold.")


def run(unfinished, source, writer=write):
    return convert_patient(source, unfinished=unfinished, write=writer, recipe_sha256="1")


def test_a_converted_patient_is_finished_with_the_facts(unfinished, source):
    assert standing_of(unfinished, source, recipe_sha256="1").changed
    assert run(unfinished, source).facts == {"length": 3}
    standing = standing_of(unfinished, source, recipe_sha256="1")
    assert (standing.changed, standing.facts) == (False, {"length": 3})


def test_a_refused_patient_leaves_nothing(unfinished, source):
    assert run(unfinished, source, write_half_and_refuse).refusal == "It must hold."
    assert standing_of(unfinished, source, recipe_sha256="1").changed
    assert not list((unfinished.work.raw / "labelsTr").iterdir())


def test_what_has_changed_is_said(unfinished, source):
    run(unfinished, source)
    source.path.write_text("abcd")
    assert standing_of(unfinished, source, recipe_sha256="1").why == "the input files"
    assert standing_of(unfinished, source, recipe_sha256="2").why == "the settings or the version and the input files"
