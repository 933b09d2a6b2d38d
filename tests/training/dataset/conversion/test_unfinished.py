import pytest

from hnseg.errors import InputError
from hnseg_training.dataset.conversion.patient_state import PatientState
from hnseg_training.dataset.conversion.unfinished import Unfinished
from hnseg_training.dataset.work_folder import UNFINISHED, WorkFolder


@pytest.fixture
def unfinished(tmp_path):
    """A new data set."""
    return Unfinished(WorkFolder.create(tmp_path, challenge="boxes", dataset_id=1))


def publish(unfinished, name, content="labels"):
    with unfinished.making() as made:
        (made.raw / "imagesTr" / f"{name}_0000.nii.gz").write_text("image")
        (made.raw / "labelsTr" / f"{name}.nii.gz").write_text(content)
        unfinished.publish(PatientState(patient=name, recipe_sha256="", inputs={}, outputs={}, facts={}), made)


def files(unfinished):
    return sorted(path.name for folder in ("imagesTr", "labelsTr") for path in (unfinished.work.raw / folder).iterdir())


def test_a_published_patient_has_files_and_a_state_with_their_sizes(unfinished):
    with unfinished.held():
        publish(unfinished, "a")
        assert unfinished.state("a").outputs == {"imagesTr/a_0000.nii.gz": 5, "labelsTr/a.nii.gz": 6}
        assert files(unfinished) == ["a.nii.gz", "a_0000.nii.gz"]
        assert not list((unfinished.work.raw / UNFINISHED / "making").iterdir())


def fail_in_the_making(unfinished):
    with unfinished.making() as made:
        (made.raw / "labelsTr" / "a.nii.gz").touch()
        raise KeyError


def test_what_fails_in_the_making_leaves_nothing(unfinished):
    with unfinished.held():
        with pytest.raises(KeyError):
            fail_in_the_making(unfinished)
        assert not files(unfinished)
        assert not list((unfinished.work.raw / UNFINISHED / "making").iterdir())


def test_only_files_of_kept_patients_stay(unfinished):
    with unfinished.held():
        publish(unfinished, "a")
        publish(unfinished, "b")
        (unfinished.work.raw / "labelsTr" / "c.nii.gz").touch()  # as a run that was killed leaves it
        unfinished.keep_only(["a"])
        assert files(unfinished) == ["a.nii.gz", "a_0000.nii.gz"]
        assert unfinished.state("b") is None
        assert unfinished.finished_count() == 1


def test_a_replaced_file_is_noted(unfinished):
    with unfinished.held():
        publish(unfinished, "a")
        new = unfinished.work.raw / UNFINISHED / "making" / "new"
        new.write_text("longer labels")
        unfinished.replace("a", unfinished.work.raw / "labelsTr" / "a.nii.gz", new)
        assert unfinished.state("a").outputs["labelsTr/a.nii.gz"] == len("longer labels")


def test_one_run_at_a_time(unfinished):
    refused = pytest.raises(InputError, match=r"One run at a time may write to .*Dataset001_boxes")
    with unfinished.held(), refused, unfinished.held():
        pass


def test_a_complete_data_set_has_no_states(unfinished):
    with unfinished.held():
        publish(unfinished, "a")
        assert unfinished.work.is_unfinished
        unfinished.complete()
    assert not unfinished.work.is_unfinished
    assert files(unfinished) == ["a.nii.gz", "a_0000.nii.gz"]
