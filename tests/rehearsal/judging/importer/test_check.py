import sys

import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.errors import InputError
from hnseg.rehearsal.judging.importer.check import check_panimg, judge_by_panimg
from tests.support.odd_outputs import KINDS


@pytest.fixture
def output(tmp_path):
    (tmp_path / SPEC.output.relative_path).mkdir(parents=True)
    return tmp_path


def program(tmp_path, text):
    """A program in place of a Python."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("uint8", None),
        ("window width x", "No output images could be imported from 'images/mri-head-neck-segmentation'"),
        ("two images", "Only 1 image should be produced in 'images/mri-head-neck-segmentation'"),
        ("uint16", "The image produced in 'images/mri-head-neck-segmentation' is not valid."),
        ("two components", ""),
    ],
)
def test_what_panimg_refuses_fails_in_the_platforms_words(output, python_with_panimg, kind, says):
    KINDS[kind](output / SPEC.output.relative_path)
    findings = judge_by_panimg(SPEC.output, output, python=python_with_panimg)
    assert [finding.platform_says for finding in findings] == ([] if says is None else [says])


def test_panimgs_own_words_are_the_explanation(output, python_with_panimg):
    KINDS["window width x"](output / SPEC.output.relative_path)
    (finding,) = judge_by_panimg(SPEC.output, output, python=python_with_panimg)
    assert "panimg makes of the output: no image. output.mha: Mhd image builder: Value 'x'" in finding.explanation


def test_an_output_without_the_sockets_folder_is_not_given_to_it(tmp_path):
    assert judge_by_panimg(SPEC.output, tmp_path, python="/does/not/exist") == []


def test_an_import_without_an_end_is_stopped(tmp_path, output):
    (finding,) = judge_by_panimg(SPEC.output, output, python=program(tmp_path, "exec sleep 60"), most_s=0.2)
    assert finding.explanation == "panimg must import the output, but had not done so after 0.2 s."


def test_a_process_that_dies_is_a_failure(tmp_path, output):
    (finding,) = judge_by_panimg(SPEC.output, output, python=program(tmp_path, "echo broken >&2\nexit 3"))
    assert finding.explanation == "panimg ended with status 3 at the output: broken"


def test_panimg_must_be_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "panimg", None)  # as Python notes a package that it must not find
    with pytest.raises(InputError, match=r"panimg must be installed beside hnseg.*pip install 'hnseg\[importer\]'"):
        check_panimg()
