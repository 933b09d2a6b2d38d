import io
import os
import tarfile

import pytest

from hnseg.errors import InputError, ModelError
from hnseg.rehearsal.cases import find_cases
from hnseg.rehearsal.running.input_link import CURRENT
from hnseg.rehearsal.running.workplace import (
    check_readable,
    model_folder,
    no_model,
    size_bytes,
    unreadable_for_others,
    workplace,
)


def test_a_case_runs_on_a_copy_that_everyone_may_read(case_dir, tmp_path):
    secret = next((case_dir / "input/images/mid-rt-t2w-head-neck").iterdir())
    secret.chmod(0o600)
    (case_dir / "input/images/link.mha").symlink_to(secret)
    (case,) = find_cases([case_dir])
    with workplace(case, tmp_path) as work:
        assert unreadable_for_others(work.input_dir) == []
        assert not (work.input_dir / "images/link.mha").is_symlink()
        assert work.output_dir.stat().st_mode & 0o777 == 0o777
        assert (work.inputs_dir / CURRENT / "images").samefile(work.input_dir / "images")
        folder = work.inputs_dir.parent
    assert not folder.exists()
    assert secret.stat().st_mode & 0o777 == 0o600


def test_no_other_user_gets_into_the_folders(case_dir, tmp_path):
    (case,) = find_cases([case_dir])
    with workplace(case, tmp_path) as work:
        assert work.inputs_dir.parent.stat().st_mode & 0o077 == 0


def test_a_model_that_may_be_written_to_is_a_copy(case_dir, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / "plans.json").write_text("{}", encoding="ascii")
    (model / "latest").symlink_to("plans.json")
    (case,) = find_cases([case_dir])
    with workplace(case, model, may_write_model=True) as work:
        assert work.model_dir.stat().st_mode & 0o777 == 0o777
        assert (work.model_dir / "latest").is_symlink()
        (work.model_dir / "plans.json").write_text("changed", encoding="ascii")
    assert (model / "plans.json").read_text(encoding="ascii") == "{}"
    with workplace(case, model) as work:
        assert work.model_dir == model


def test_a_model_that_can_not_be_copied_is_refused(case_dir, tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    os.mkfifo(model / "x.pth")
    (case,) = find_cases([case_dir])
    with (
        pytest.raises(ModelError, match=r"file of the model must be readable, but .*x\.pth could not be copied"),
        workplace(case, model, may_write_model=True),
    ):
        pass


@pytest.mark.parametrize("spoil", [os.mkfifo, lambda path: path.symlink_to("nowhere")], ids=["pipe", "dangling link"])
def test_an_input_that_can_not_be_copied_is_refused(case_dir, tmp_path, spoil):
    spoil(case_dir / "input/images/x.mha")
    (case,) = find_cases([case_dir])
    with pytest.raises(InputError, match=r"must be readable, but .*x\.mha could not be"), workplace(case, tmp_path):
        pass


def archive(path, name):
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = 2
        entry.mode = 0o600
        tar.addfile(entry, io.BytesIO(b"{}"))
    return path


def test_the_model_may_be_the_archive_that_is_uploaded(tmp_path):
    with model_folder(archive(tmp_path / "model.tar.gz", "plans.json")) as folder:
        assert (folder / "plans.json").read_text(encoding="ascii") == "{}"
        assert unreadable_for_others(folder) == []
    assert not folder.exists()


def test_a_model_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(ModelError, match="does not exist"), model_folder(tmp_path / "nothing"):
        pass


def test_a_model_that_another_user_could_not_read_is_refused(tmp_path):
    (tmp_path / "open.pth").write_bytes(b"123")
    tmp_path.chmod(0o755)
    check_readable(tmp_path)
    closed = tmp_path / "closed.pth"
    closed.write_bytes(b"4567")
    closed.chmod(0o600)
    with pytest.raises(ModelError, match=r"1 can't be read by others, such as .*closed\.pth.*chmod -R a\+rX"):
        check_readable(tmp_path)


def test_the_size_of_a_folder_is_that_of_all_files_below_it(tmp_path):
    (tmp_path / "deeper").mkdir()
    (tmp_path / "a").write_bytes(b"123")
    (tmp_path / "deeper" / "b").write_bytes(b"4567")
    assert size_bytes(tmp_path) == 7


def test_without_a_model_the_folder_is_empty_and_open_to_every_user():
    with no_model() as folder:
        assert (folder.name, list(folder.iterdir()), unreadable_for_others(folder.parent)) == ("none", [], [])
    assert not folder.exists()
