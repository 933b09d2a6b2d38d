"""The search itself, by nnU-Net as it is installed, and what is said where a package of it can't be imported."""

from pathlib import Path

import nnunetv2
import pytest

from hnseg.rehearsal.trainer_search import TrainerSearch, search_trainers


@pytest.fixture
def search(tmp_path, monkeypatch):
    """Search beside a module of the name and the content given, which comes before the installed one."""

    def search_beside(name, content):
        (tmp_path / f"{name}.py").write_text(content, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return search_trainers.__wrapped__()

    return search_beside


def test_every_module_of_trainers_is_imported():
    folder = Path(nnunetv2.__path__[0], "training", "nnUNetTrainer")
    modules = [path for path in folder.rglob("*.py") if path.name != "__init__.py"]
    packages = {parent for path in modules for parent in path.parents if parent.is_relative_to(folder)} - {folder}
    assert search_trainers() == TrainerSearch(modules=len(modules) + len(packages))


def test_a_package_that_is_missing_is_named(search):
    found = search("timm", "import a_package_that_nobody_has")
    assert found == TrainerSearch(missing="a_package_that_nobody_has")


def test_another_failure_is_one_line(search):
    found = search("torchvision", "raise RuntimeError('operator torchvision::nms does not exist\\nat all')")
    assert found == TrainerSearch(failure="RuntimeError: operator torchvision::nms does not exist")


def test_an_end_without_a_word_is_a_failure(search):
    assert search("timm", "import os; os._exit(3)") == TrainerSearch(failure="Python ended with status 3")
