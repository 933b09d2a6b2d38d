import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg.spec import MID_T2W
from tests.support.engine import engine
from tests.support.small_case import OUTPUT_FILE, SHAPE_ZYX, files_below, write_image, write_small_case
from tests.support.small_challenges import HECKTOR
from tests.support.small_hecktor import EHR_FILE, PET_FOLDER
from tests.support.small_hecktor import write_small_case as write_hecktor_case

pytestmark = pytest.mark.engine

# A container without a network is asked from inside.
ASK = """
import json, sys, time, urllib.error, urllib.request
request = urllib.request.Request(f"http://127.0.0.1:4743{sys.argv[2]}", method=sys.argv[1])
try:
    with urllib.request.urlopen(request) as answer:
        print(json.dumps([answer.status, answer.read().decode().strip()]))
except urllib.error.HTTPError as answer:
    print(json.dumps([answer.code, answer.read().decode().strip()]))
"""


def ask(container, method, path):
    return tuple(json.loads(engine("exec", container.id, "python", "-c", ASK, method, path).stdout))


@pytest.fixture
def server(invoke_image, start_container):
    container = start_container(invoke_image)
    container.wait_for("serving on port 4743")
    return container


def empty(folder):
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def labels_in(folder):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(folder / OUTPUT_FILE)))


def contents_of(folder):
    return {name: (folder / name).read_bytes() for name in files_below(folder)}


@pytest.fixture
def by_exec(image, folders, run_container):
    """Segment a case as the other generation does and take its label map away."""

    def segment(seed):
        write_small_case(folders.input, seed=seed)
        assert run_container(image).returncode == 0
        labels = labels_in(folders.output)
        empty(folders.output)
        empty(folders.input)
        return labels

    return segment


def test_case_after_case_gives_what_exec_gives(by_exec, folders, server):
    wanted = {seed: by_exec(seed) for seed in (1, 2)}
    assert ask(server, "GET", "/health") == (200, "ready")
    for seed in (1, 2, 1):
        write_small_case(folders.input, seed=seed)
        assert ask(server, "POST", "/invoke") == (201, "done")
        assert files_below(folders.output) == [OUTPUT_FILE]
        assert np.array_equal(labels_in(folders.output), wanted[seed])
        empty(folders.input)  # as the platform does, but the output stays: it must not reach the next case
    assert not np.array_equal(wanted[1], wanted[2])


def write_with_everything(input_dir):
    write_hecktor_case(input_dir, seed=1)


def write_without_pet(input_dir):
    write_hecktor_case(input_dir, seed=2)
    shutil.rmtree(input_dir / PET_FOLDER)


def write_without_record(input_dir):
    write_hecktor_case(input_dir, seed=3)
    (input_dir / EHR_FILE).unlink()


def test_parts_that_one_case_lacks_do_not_come_from_another(
    build, image_of, folders, put_model, run_container, start_container
):
    put_model(HECKTOR)
    cases = (write_with_everything, write_without_pet, write_without_record)
    alone = []
    for write in cases:
        write(folders.input)
        assert run_container(image_of(HECKTOR)).returncode == 0
        alone.append(contents_of(folders.output))
        empty(folders.input)
        empty(folders.output)
    server = start_container(build(HECKTOR.name, "invoke"))
    server.wait_for("serving on port 4743")
    for write, wanted in zip(cases, alone, strict=True):
        write(folders.input)
        assert ask(server, "POST", "/invoke") == (201, "done")
        assert contents_of(folders.output) == wanted
        empty(folders.input)
    assert sorted(alone[0]) == HECKTOR.output_files
    assert len({files[HECKTOR.output_file] for files in alone}) == len(cases)


def test_a_failed_case_leaves_neither_output_nor_trace(folders, server):
    write_small_case(folders.input)
    assert ask(server, "POST", "/invoke")[0] == 201
    write_image(np.full(SHAPE_ZYX, 5, np.int16), next((folders.input / "images" / MID_T2W).iterdir()))
    status, sentence = ask(server, "POST", "/invoke")
    assert (status, sentence[:31]) == (500, "The mid-RT T2w must show someth")
    assert server.log()[1].splitlines()[-1] == sentence
    assert files_below(folders.output) == []
    write_small_case(folders.input)
    assert ask(server, "POST", "/invoke")[0] == 201
    assert files_below(folders.output) == [OUTPUT_FILE]


def test_other_requests_are_refused(server):
    assert ask(server, "GET", "/elsewhere")[0] == 404
    assert ask(server, "GET", "/invoke")[0] == 405


def test_sigterm_ends_it_with_status_0_and_an_empty_stderr(server):
    assert server.stop() == 0
    assert server.log()[1] == ""
