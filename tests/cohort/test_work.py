from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.cohort.work import WorkReference
from hnseg.platform.input_files import InputFiles


def load(word):
    return lambda case, folder: {"said": f"{word} {case.name}", "to": str(folder)}


def reference(**changed):
    given = {"loader": f"{__name__}:load", "parameters": {"word": "hello"}, "identity": {"word": "hello"}}
    return WorkReference(**{**given, **changed})


def test_the_loader_is_called_with_the_parameters():
    work = reference(loader="tests.cohort.test_work:load").load()
    case = CohortCase(name="case_000", inputs=InputFiles(images={}))
    assert work(case, Path("out")) == {"said": "hello case_000", "to": "out"}


def test_the_checksum_is_that_of_the_identity_in_any_order():
    one, other = reference(identity={"a": 1, "b": 2}), reference(identity={"b": 2, "a": 1})
    assert one.sha256 == other.sha256
    assert reference(parameters={"word": "bye"}).sha256 == reference().sha256
    assert reference(identity={"a": 2, "b": 2}).sha256 != one.sha256
    assert reference(loader="other:load").sha256 != reference().sha256
