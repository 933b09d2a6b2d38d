import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg import cli
from hnseg.errors import EngineError
from hnseg.rehearsal.cases import find_cases
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.running.engine import find_engine
from hnseg.rehearsal.running.runners import ImageChoice, container_runner
from tests.support.safe_report import SECRET, check_report
from tests.support.small_challenges import HNTS_MRG
from tests.support.small_rehearsal import no_progress, write_case

STUB = Path(__file__).parents[1] / "support" / "stub_container.py"
BASE_IMAGE = "python:3.11-slim-bookworm"
MAIN = "import sys\nsys.path.insert(0, '/opt/app')\nexec(open('/opt/ml/model/program.py').read())\n"


@pytest.fixture(scope="session")
def engine():
    """The container engine that answers here, or the one named by HNSEG_TEST_ENGINE; it must have the base image."""
    try:
        engine = find_engine(*filter(None, [os.environ.get("HNSEG_TEST_ENGINE")]))
    except EngineError as error:
        pytest.skip(str(error))
    if not engine.try_to("image", "inspect", BASE_IMAGE):
        pytest.skip(f"{engine.command} does not have the image {BASE_IMAGE}")
    return engine


@pytest.fixture
def case_dir(tmp_path):
    """A case whose reference is its prior mask."""
    return write_case(HNTS_MRG, tmp_path)


@pytest.fixture
def small_request(case_dir, tmp_path):
    """One case, an empty model, half a minute."""
    model_dir = tmp_path / "model"
    model_dir.mkdir()
    profile = profile_of(SPEC.limits, time_limit_s=30)
    return Request(SPEC, find_cases([case_dir]), model_dir, profile, tmp_path / "kept")


def build_tagged(engine, context, program, *, python, lines):
    """Build an image in a new folder whose entry point is a Python program, and return its tag."""
    context.mkdir(exist_ok=True)
    shutil.copy(STUB, context)
    (context / "main.py").write_text(program, encoding="utf-8")
    entry = f'ENTRYPOINT ["{python}", "/opt/app/main.py"]'
    dockerfile = [f"FROM {BASE_IMAGE}", "COPY stub_container.py main.py /opt/app/", entry, *lines]
    (context / "Dockerfile").write_text("\n".join(dockerfile), encoding="utf-8")
    tag = f"hnseg-test:{uuid4().hex[:12]}"
    subprocess.run([engine.command, "build", "-q", "-t", tag, context], check=True, capture_output=True)
    return tag


@pytest.fixture
def build(engine, tmp_path):
    """Build an image whose entry point is a Python program, and remove it afterwards."""
    built = []

    def build_image(program, *, user="USER 1000:1000", label=""):
        context = tmp_path / f"context{len(built)}"
        built.append(build_tagged(engine, context, program, python="python", lines=(user, label)))
        return built[-1]

    yield build_image
    for tag in built:
        engine.try_to("rmi", "--force", tag)


@pytest.fixture
def rehearse_image(engine, small_request):
    """Rehearse an image on the one case and return the result."""

    def run(tag, *, gpu=True, **limits):
        profile = small_request.profile.model_copy(update=limits)
        request = replace(small_request, profile=profile)
        choice = ImageChoice(tag=tag)
        with container_runner(engine, HNTS_MRG.container_dir, choice, request.model_dir, profile, gpu=gpu) as runner:
            return rehearse(request, runner, no_progress)

    return run


@pytest.fixture(scope="module")
def make_image(engine, tmp_path_factory):
    """Build an image that runs the program in its model, with more lines of its Dockerfile."""
    built = []

    def make(*lines, user="1000:1000"):
        context = tmp_path_factory.mktemp("context")
        lines = (*lines, f"USER {user}")
        built.append(build_tagged(engine, context, MAIN, python="/usr/bin/python3", lines=lines))
        return built[-1]

    yield make
    for tag in built:
        engine.try_to("rmi", "--force", tag)


@pytest.fixture(scope="module")
def image(make_image):
    return make_image()


@pytest.fixture
def rehearsed(case_dir, tmp_path, monkeypatch, capsys):
    """Rehearse an image with a program from the command line, and return what its report says."""
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "model").mkdir()

    def run(image, program, *options, cases=1):
        text = program.replace("SECRET_FILE", repr(str(tmp_path / "secret")))
        (tmp_path / "model" / "program.py").write_text(text, encoding="utf-8")
        report = tmp_path / "report"
        copies = [shutil.copytree(case_dir, tmp_path / f"case_{number:03}") for number in range(1, cases)]
        for number, folder in enumerate(copies):
            for scan in (folder / "input").rglob("*.mha"):
                scan.rename(scan.with_stem(f"{number}-{scan.stem}"))
        named = [word for folder in (case_dir, *copies) for word in ("--case", folder)]
        arguments = [*named, "--model", tmp_path / "model", "--report", report, "--image", image]
        words = ["hnseg", "rehearse", HNTS_MRG.container_dir, *arguments, "--limit-s", "60", *options]
        monkeypatch.setattr(sys, "argv", [str(word) for word in words])
        with pytest.raises(SystemExit) as ended:
            raise SystemExit(cli.main())
        written = check_report(report, capsys.readouterr())
        assert ended.value.code == (0 if written["passed"] else 1)
        return written

    return run
