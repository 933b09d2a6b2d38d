import json
import os
import subprocess
import sys

import pytest

from hnseg.errors import InputError, OutputError
from hnseg_training.dataset.work_folder import UNFINISHED, WorkFolder, read_json, write_json


def create(root, number=504, challenge="hnts_mrg"):
    return WorkFolder.create(root, challenge=challenge, dataset_id=number)


def test_a_created_folder_is_opened_again(tmp_path):
    work = create(tmp_path, 7)
    assert work == WorkFolder.open(tmp_path, challenge="hnts_mrg")
    assert (work.dataset, work.dataset_id) == ("Dataset007_hnts_mrg", 7)
    assert (work.raw / "imagesTr").is_dir()
    assert (work.raw / "labelsTr").is_dir()
    assert work.preprocessed.is_dir()


def test_one_folder_may_hold_several_challenges(tmp_path):
    create(tmp_path)
    create(tmp_path, 505, "han_seg")
    assert WorkFolder.open(tmp_path, challenge="han_seg").dataset_id == 505


def test_a_second_data_set_of_a_challenge_is_refused(tmp_path):
    create(tmp_path)
    with pytest.raises(InputError, match="holds Dataset504_hnts_mrg already"):
        create(tmp_path, 505)


def go_on(root, number=504):
    return WorkFolder.to_go_on_with(root, challenge="hnts_mrg", dataset_id=number)


def test_only_an_unfinished_data_set_is_gone_on_with(tmp_path):
    assert go_on(tmp_path) is None
    work = create(tmp_path)
    assert go_on(tmp_path) == work  # no file at all, as after a run that was killed at once
    write_json(work.raw / "dataset.json", {})
    with pytest.raises(InputError, match="holds Dataset504_hnts_mrg already"):
        go_on(tmp_path)
    (work.raw / UNFINISHED).mkdir()
    assert go_on(tmp_path) == work
    with pytest.raises(InputError, match=r"it is Dataset504_hnts_mrg and 505 was asked for\. Give --dataset-id 504"):
        go_on(tmp_path, 505)


def test_an_unfinished_data_set_can_not_be_opened(tmp_path):
    (create(tmp_path).raw / UNFINISHED).mkdir()
    with pytest.raises(InputError, match="must be whole, but its conversion was not finished"):
        WorkFolder.open(tmp_path, challenge="hnts_mrg")


def test_what_was_preprocessed_is_kept_and_no_half_data_set_is_made(tmp_path):
    former = tmp_path / "nnUNet_preprocessed" / "Dataset504_hnts_mrg" / "plans.json"
    former.parent.mkdir(parents=True)
    former.write_text("former")
    with pytest.raises(InputError, match=r"must have folders of its own, but .*Dataset504_hnts_mrg is there already"):
        create(tmp_path)
    assert former.read_text() == "former"
    assert not (tmp_path / "nnUNet_raw").exists()


def test_a_file_in_place_of_the_work_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("former")
    for root in (tmp_path / "file", tmp_path / "file" / "work"):
        with pytest.raises(OutputError, match=r"The work folder .* must be writable, but writing there failed \(Not"):
            create(root)
    assert (tmp_path / "file").read_text() == "former"


@pytest.mark.parametrize("number", [0, 1000])
def test_a_number_has_one_to_three_digits(tmp_path, number):
    with pytest.raises(InputError, match=f"between 1 and 999 .*, found {number}"):
        create(tmp_path, number)


def test_a_folder_that_convert_did_not_make_is_refused(tmp_path):
    with pytest.raises(InputError, match="must hold one data set of hnts_mrg, but none was found"):
        WorkFolder.open(tmp_path, challenge="hnts_mrg")


def test_a_discarded_data_set_makes_place_for_another(tmp_path):
    create(tmp_path).discard()
    assert create(tmp_path, 505).dataset_id == 505


@pytest.mark.parametrize(
    ("failure", "error", "sentence"),
    [
        (OSError(28, "No space left on device"), OutputError, "must be writable, .* failed .No space left on device."),
        (ValueError("on purpose"), ValueError, "on purpose"),
        (KeyboardInterrupt("stopped"), KeyboardInterrupt, "stopped"),
    ],
)
def test_a_data_set_that_was_begun_is_gone_after_any_failure(tmp_path, failure, error, sentence):
    other = create(tmp_path, challenge="han_seg")
    with pytest.raises(error, match=sentence):
        _fill(tmp_path, failure)
    work = WorkFolder(tmp_path, "Dataset005_hnts_mrg")
    assert other.raw.is_dir()
    assert not work.raw.exists()
    assert not work.preprocessed.exists()


def _fill(root, failure):
    with WorkFolder.begun(root, challenge="hnts_mrg", dataset_id=5) as work:
        write_json(work.raw / "dataset.json", {})
        raise failure


def test_a_data_set_that_was_begun_stays_when_it_is_done(tmp_path):
    with WorkFolder.begun(tmp_path, challenge="hnts_mrg", dataset_id=5) as work:
        pass
    assert WorkFolder.open(tmp_path, challenge="hnts_mrg") == work


def test_a_folder_that_can_t_be_made_whole_leaves_nothing(tmp_path):
    (tmp_path / "nnUNet_preprocessed").touch()
    with pytest.raises(OutputError, match="must be writable"):
        create(tmp_path)
    assert list((tmp_path / "nnUNet_raw").iterdir()) == []


def test_nnunets_files_lie_where_its_own_tools_look_for_them(tmp_path):
    work = create(tmp_path)
    assert work.plans_file("nnUNetPlans") == tmp_path / "nnUNet_preprocessed" / work.dataset / "nnUNetPlans.json"
    name = "nnUNetTrainer__nnUNetPlans__3d_fullres"
    assert work.results(name) == tmp_path / "nnUNet_results" / work.dataset / name


def test_the_environment_is_nnunets_until_the_block_ends(tmp_path, monkeypatch):
    monkeypatch.setenv("nnUNet_raw", "/somewhere/else")
    monkeypatch.delenv("nnUNet_n_proc_DA", raising=False)
    before = dict(os.environ)
    work = create(tmp_path)
    with work.nnunet_environment(augmenters=0):
        program = "import os; print(os.environ['nnUNet_raw'], os.environ['nnUNet_n_proc_DA'])"
        started = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert started.stdout == f"{tmp_path / 'nnUNet_raw'} 0\n"
    assert dict(os.environ) == before


def test_the_environment_is_restored_after_an_error(tmp_path):
    before = dict(os.environ)
    with pytest.raises(RuntimeError, match="on purpose"), create(tmp_path).nnunet_environment():
        raise RuntimeError("on purpose")
    assert dict(os.environ) == before


@pytest.mark.parametrize("content", [b"{", b"\xff", b"", b"[" * 100_000, None])
def test_a_file_that_is_no_json_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "file.json").write_bytes(content)
    with pytest.raises(InputError, match=r"file\.json must be a JSON file, but it can't be read as one"):
        read_json(tmp_path / "file.json")


@pytest.mark.parametrize("content", ["[]", "1", '{"other": 1}'])
def test_an_object_without_what_is_needed_is_named(tmp_path, content):
    (tmp_path / "file.json").write_text(content)
    with pytest.raises(InputError, match=r"file\.json must be a JSON object with name, but it is not"):
        read_json(tmp_path / "file.json", having=["name"])


def test_json_comes_back_as_it_was_written(tmp_path):
    write_json(tmp_path / "file.json", {"a": [1, None]})
    assert read_json(tmp_path / "file.json") == {"a": [1, None]}
    assert json.loads((tmp_path / "file.json").read_text()) == {"a": [1, None]}


def test_a_file_that_can_not_be_written_whole_leaves_the_former(tmp_path, monkeypatch):
    write_json(tmp_path / "file.json", {"a": 1})

    def half(path, text, **_):
        path.write_bytes(text[:5].encode())
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", half)
    with pytest.raises(OSError, match="No space"):
        write_json(tmp_path / "file.json", {"a": 2})
    assert read_json(tmp_path / "file.json") == {"a": 1}
