"""Containers of other origin are rehearsed by a description alone, written from one example of theirs."""

import json
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import SimpleITK as sitk

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PROGRAM = Path(__file__).parents[1] / "support" / "foreign_container.py"
DOCKERFILE = """\
FROM python:3.11-slim-bookworm
WORKDIR /opt/algorithm
COPY foreign_container.py run.sh ./
ENV FAULT={fault}
USER 4321:4321
ENTRYPOINT ["./run.sh"]
"""
SOCKET = {"slug": "ct-of-the-head", "relative_path": "images/ct", "title": "CT of the head", "super_kind": "Image"}


@pytest.fixture(scope="module")
def images(engine, tmp_path_factory):
    """Build the image, or one that breaks a rule, once each."""
    built = {}

    def build(fault=""):
        if fault not in built:
            context = tmp_path_factory.mktemp("context")
            shutil.copy(PROGRAM, context)
            (context / "run.sh").write_text("#!/bin/sh\nexec python3 foreign_container.py\n", encoding="ascii")
            (context / "run.sh").chmod(0o755)
            (context / "Dockerfile").write_text(DOCKERFILE.format(fault=fault), encoding="ascii")
            built[fault] = f"hnseg-test-foreign:{uuid4().hex[:12]}"
            command = [engine.command, "build", "-q", "-t", built[fault], context]
            subprocess.run(command, check=True, capture_output=True)
        return built[fault]

    yield build
    for tag in built.values():
        engine.try_to("rmi", "--force", tag)


@pytest.fixture
def case_dir(tmp_path):
    """An input as a phase's test pack has it, in a folder of the interface's name."""
    folder = tmp_path / "test/input/interf0"
    (folder / "images/ct").mkdir(parents=True)
    ct = sitk.GetImageFromArray(np.arange(6 * 7 * 8, dtype=np.int16).reshape(6, 7, 8) - 100)
    ct.SetSpacing((0.9, 0.9, 2.5))
    ct.SetOrigin((-10.5, 3.25, 100.0))
    sitk.WriteImage(ct, str(folder / "images/ct/7f1c.mha"))
    entry = {"socket": SOCKET, "interface": SOCKET, "value": None, "file": None, "image": {"name": "CT.mha", "pk": "7"}}
    (folder / "inputs.json").write_text(json.dumps([{**entry, "pk": 1}]), encoding="ascii")
    return folder


@pytest.fixture
def spec_dir(engine, images, case_dir, hnseg, tmp_path):
    """A description written from the case and the output that the good image left for it."""
    output = tmp_path / "test/output"
    output.mkdir()
    output.chmod(0o777)
    engine.ask("run", "--rm", f"--volume={case_dir}:/input:ro", f"--volume={output}:/output", images())
    folder = tmp_path / "head mask"
    status, printed = hnseg(
        "rehearse", "--new-spec", folder, "--from-inputs", case_dir / "inputs.json", "--from-output", output
    )
    assert status == 0, printed.err
    assert f"--image TAG --case {case_dir}" in printed.out
    return folder


def test_it_passes_by_the_description_alone(hnseg, spec_dir, images, case_dir, tmp_path):
    report = tmp_path / "report"
    status, printed = hnseg("rehearse", spec_dir, "--image", images(), "--case", case_dir, "--report", report)
    assert status == 0, printed.out
    written = json.loads((report / "rehearsal.json").read_text(encoding="utf-8"))
    (case,) = written["cases"]
    assert case["output_file"] == "images/head-mask/result.mha"
    assert {name: answer["given"] for name, answer in case["answers"].items()} == {
        "head-volume": 185,
        "slices": [1, 2, {"a": None}],
    }
    assert (written["model"]["name"], written["model"]["files"], written["score"]) == ("none", 0, None)
    assert "data:image/png;base64," in (report / "rehearsal.html").read_text(encoding="utf-8")


def test_a_reference_is_compared_by_dice(hnseg, spec_dir, images, case_dir, tmp_path):
    shutil.copytree(tmp_path / "test/output", tmp_path / "test/input/expected")
    status, printed = hnseg("rehearse", spec_dir, "--image", images(), "--case", case_dir)
    assert status == 0, printed.out
    assert "mean DSCagg, not the challenge's own score: 1.0000" in printed.out


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("status", "The head was not found."),
        ("label", "This segmentation is invalid as it contains the voxel values: {7}."),
        ("shift", "must have the grid of the CT of the head to the last bit, found origin"),
        ("folder", "Output directory 'images/head-mask' is empty"),
        ("number", "Output file 'head-volume.json' was not produced"),
        ("nan", "The output file 'head-volume.json' is not valid. JSON does not fulfill schema"),
    ],
)
def test_a_broken_one_fails_with_the_platforms_sentence(hnseg, spec_dir, images, case_dir, fault, sentence):
    status, printed = hnseg("rehearse", spec_dir, "--image", images(fault), "--case", case_dir)
    assert status == 1
    assert sentence in printed.out
