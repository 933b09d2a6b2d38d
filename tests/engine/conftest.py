"""The real image, built once for each of the platform's generations, and run as the platform would."""

import functools
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.engine import copy_readable, engine, why_there_is_no_engine
from tests.support.small_challenges import HNTS_MRG


@pytest.fixture(scope="session")
def build():
    """Build an image for a challenge and a generation; skip where there is no engine."""
    if reason := why_there_is_no_engine():
        pytest.skip(reason)

    def build_image(challenge, api_method="exec", edition=""):
        tag = f"hnseg-test-{challenge}-{api_method}{edition}"
        arguments = {"CHALLENGE": challenge, "API_METHOD": api_method, "EDITION": edition}
        arguments["BASE_IMAGE"] = os.environ.get("HNSEG_BASE_IMAGE")
        words = [f"--build-arg={name}={value}" for name, value in arguments.items() if value]
        built = engine("build", "--file", "containers/Dockerfile", "--tag", tag, *words, ".", check=False)
        assert built.returncode == 0, built.stderr + built.stdout
        return tag

    return build_image


@pytest.fixture(scope="session")
def image_of(build):
    """Return the image of one of the small challenges, built once."""
    return functools.cache(lambda challenge: build(challenge.name))


@pytest.fixture(scope="session")
def image(image_of):
    return image_of(HNTS_MRG)


@pytest.fixture(scope="session")
def invoke_image(build):
    return build("hnts_mrg", "invoke")


@dataclass(frozen=True)
class Folders:
    """Folders that are mounted into a container: any uid may write the output."""

    input: Path
    output: Path
    model: Path

    def options(self, output=None):
        """Return the engine's options for a run under the platform's rules, as a uid that the image doesn't know.

        `output` is the option that gives /output, the folder's mount if left out.
        """
        return [
            *("--network=none", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
            *("--user=4242:4242", "--pids-limit=256", "--shm-size=64m"),
            f"--volume={self.input}:/input:ro",
            output or f"--volume={self.output}:/output",
            f"--volume={self.model}:/opt/ml/model:ro",
        ]


@pytest.fixture
def folders(tmp_path, model_dir):
    """An empty input and output, and the model of HNTS-MRG."""
    folders = Folders(tmp_path / "input", tmp_path / "output", tmp_path / "model")
    folders.input.mkdir()
    folders.output.mkdir()
    folders.output.chmod(0o777)
    copy_readable(model_dir, folders.model)
    return folders


@pytest.fixture
def put_model(folders, quick_model):
    """Put another challenge's model in place of that of HNTS-MRG."""

    def put(challenge):
        shutil.rmtree(folders.model)
        copy_readable(quick_model(challenge), folders.model)

    return put


@pytest.fixture
def run_container(folders):
    """Run an image to its end, with more options of the engine and arguments of the program."""

    def run(image, *options, output=None, arguments=()):
        return engine("run", "--rm", *folders.options(output), *options, image, *arguments, check=False)

    return run


class Running:
    """A container in the background."""

    def __init__(self, image, options):
        self.id = engine("run", "--detach", *options, image).stdout.strip()

    def log(self):
        """Return the logs so far, (stdout, stderr)."""
        logs = engine("logs", self.id)
        return logs.stdout, logs.stderr

    def wait_for(self, text):
        while text not in self.log()[0]:
            running = engine("inspect", "--format={{.State.Running}}", self.id).stdout.strip()
            assert running == "true", f"ended without logging {text!r}: {self.log()}"
            time.sleep(0.1)

    def stop(self):
        """Send SIGTERM, as the platform does past the limit, and return the status."""
        engine("kill", "--signal", "TERM", self.id)
        return int(engine("wait", self.id).stdout)


@pytest.fixture
def start_container(folders):
    """Start an image in the background; it is removed after the test."""
    started = []

    def start(image, *options):
        started.append(Running(image, [*folders.options(), *options]))
        return started[-1]

    yield start
    for container in started:
        engine("rm", "--force", container.id)
