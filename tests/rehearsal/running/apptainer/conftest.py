import json
import sys

import pytest

from hnseg.rehearsal.running.apptainer.program import find_apptainer
from tests.support import stand_in_apptainer
from tests.support.small_challenges import ROOT

GOOD = "write(input_dir=os.environ['STAND_IN_INPUT'], output_dir=os.environ['STAND_IN_OUTPUT'])\n"
HEAD = "import os, sys, time\nsys.path.insert(0, {support!r})\nfrom stub_container import *\n"


@pytest.fixture
def bin_dir(tmp_path, monkeypatch):
    """Folder on the PATH that has the stand-in."""
    folder = tmp_path / "bin"
    (folder / "daemon").mkdir(parents=True)
    stand_in_apptainer.install(folder)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def apptainer(bin_dir):
    assert (bin_dir / "apptainer").is_file()
    return find_apptainer()


@pytest.fixture
def write_sif(tmp_path):
    """Write an image of the stand-in whose program is Python, and return its file."""

    def write_image(program=GOOD, *, name="image.sif", config=True, **changed):
        (tmp_path / "program.py").write_text(HEAD.format(support=str(ROOT / "tests/support")) + program)
        command = [sys.executable, str(tmp_path / "program.py")]
        docker = {
            "User": "1000:1000",
            "Entrypoint": command[:1],
            "Cmd": command[1:],
            "WorkingDir": str(tmp_path),
            "Labels": {"org.grand-challenge.api-method": "exec"},
            **changed,
        }
        file = tmp_path / name
        file.write_text(json.dumps({"config": docker if config else None, "runscript": command}), encoding="utf-8")
        return file

    return write_image
