import json
import re
import shutil
import signal

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg.spec import MID_T2W
from hnseg.imaging.geometry import Grid
from tests.support.bad_cases import BAD_CASES, BAD_MODELS, UNFIT_MODELS
from tests.support.engine import copy_readable, engine
from tests.support.small_case import LONG_ZYX, OUTPUT_FILE, SHAPE_ZYX, files_below, write_image, write_small_case
from tests.support.small_challenges import HAN_SEG

pytestmark = pytest.mark.engine


def test_a_case_gets_its_label_map_on_the_references_exact_geometry(image, folders, run_container):
    write_small_case(folders.input)
    done = run_container(image)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[-1])["challenge"] == "hnts_mrg"
    assert files_below(folders.output) == [OUTPUT_FILE]
    written = sitk.ReadImage(str(folders.output / OUTPUT_FILE))
    reference = sitk.ReadImage(str(next((folders.input / "images" / MID_T2W).iterdir())))
    assert written.GetPixelID() == sitk.sitkUInt8
    assert set(np.unique(sitk.GetArrayViewFromImage(written))) <= {0, 1, 2}
    for geometry in (sitk.Image.GetSize, sitk.Image.GetSpacing, sitk.Image.GetOrigin, sitk.Image.GetDirection):
        assert geometry(written) == geometry(reference)


@pytest.mark.parametrize(("challenge", "bad"), BAD_CASES)
def test_bad_input_is_named_in_stderrs_last_line(image_of, folders, put_model, run_container, challenge, bad):
    bad.spoil(challenge.write_case(folders.input))
    put_model(challenge)
    done = run_container(image_of(challenge), "--memory=2g")
    assert done.returncode == 1
    assert re.match(bad.sentence.replace("FOLDER", r"/input\S*"), done.stderr.splitlines()[-1])
    assert "Traceback" not in done.stderr
    assert files_below(folders.output) == []


@pytest.mark.parametrize("bad", BAD_MODELS, ids=lambda bad: bad.name)
def test_a_bad_model_is_named_in_stderrs_last_line(image, folders, run_container, bad):
    write_small_case(folders.input)
    bad.spoil(folders.model)
    done = run_container(image)
    assert done.returncode == 1
    assert re.match(bad.sentence.replace("FOLDER", "/opt/ml/model"), done.stderr.splitlines()[-1])
    assert files_below(folders.output) == []


@pytest.mark.parametrize(("challenge", "made_with", "sentence"), UNFIT_MODELS)
def test_a_model_of_another_challenge_is_refused(
    image_of, folders, run_container, make_model, challenge, made_with, sentence
):
    challenge.write_case(folders.input)
    shutil.rmtree(folders.model)
    copy_readable(make_model(exported=True, **made_with), folders.model)
    done = run_container(image_of(challenge))
    assert done.returncode == 1
    assert re.match(sentence, done.stderr.splitlines()[-1])
    assert files_below(folders.output) == []


def test_ct_and_mr_are_segmented_on_the_cts_exact_geometry(image_of, folders, put_model, run_container):
    HAN_SEG.write_case(folders.input)
    put_model(HAN_SEG)
    done = run_container(image_of(HAN_SEG))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[-1])["registration"]["status"] == "registered"
    assert files_below(folders.output) == [HAN_SEG.output_file]
    written = sitk.ReadImage(str(folders.output / HAN_SEG.output_file))
    assert written.GetPixelID() == sitk.sitkUInt8
    assert Grid.of(written) == Grid.of(sitk.ReadImage(str(next((folders.input / "images/ct").iterdir()))))


def test_a_broken_mr_is_done_without(image_of, folders, put_model, run_container):
    HAN_SEG.write_case(folders.input)
    put_model(HAN_SEG)
    next((folders.input / "images/t1-mri").iterdir()).write_bytes(b"not an image")
    done = run_container(image_of(HAN_SEG))
    assert (done.returncode, done.stderr) == (0, "")
    assert "note: CT only: The T1 MR must be a readable image, but /input/images/t1-mri/" in done.stdout
    assert files_below(folders.output) == [HAN_SEG.output_file]


def test_a_time_limit_that_is_over_is_named(image, folders, run_container):
    write_small_case(folders.input)
    done = run_container(image, "--env=HNSEG_LIMIT_S=0.01")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("The case must end within 0.01 s")
    assert files_below(folders.output) == []


def test_memory_that_is_not_enough_is_named(image, folders, run_container):
    write_small_case(folders.input, shape_zyx=(100, 300, 300))
    done = run_container(image, f"--ulimit=data={600 << 20}")  # as the platform limits it: RLIMIT_DATA
    assert done.returncode == 1
    assert re.match("The (case|image) must fit into memory, but", done.stderr.splitlines()[-1])
    assert files_below(folders.output) == []


def test_a_full_disk_is_named_and_leaves_nothing_half_written(image, folders, run_container):
    write_small_case(folders.input)
    # One page of disk, which a file of another program takes. The small file system ends with the container, so the
    # files left in it are listed inside.
    steps = (
        "head -c 4096 /dev/zero > /output/filler; python -m containers; status=$?; find /output -type f; exit $status"
    )
    done = run_container(image, "--entrypoint=sh", output="--tmpfs=/output:size=4k,mode=1777", arguments=["-c", steps])
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"/output/{OUTPUT_FILE} must be written whole, but that failed, with 0.0 MiB free there. Is the disk full?"
    )
    assert done.stdout.splitlines()[-1] == "/output/filler"


def test_an_output_folder_of_another_user_is_refused_before_any_work(image, folders, run_container):
    write_small_case(folders.input)
    folders.output.chmod(0o755)
    done = run_container(image)
    assert done.returncode == 1
    assert "must be writable, but writing there failed (Permission denied). Is /output mounted" in done.stderr
    assert "ensemble loaded" not in done.stdout


def test_on_request_a_failed_case_gets_an_empty_label_map(image, folders, run_container):
    write_small_case(folders.input)
    write_image(np.full(SHAPE_ZYX, 5, np.int16), next((folders.input / "images" / MID_T2W).iterdir()))
    done = run_container(image, "--env=HNSEG_ON_ERROR=empty")
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1].startswith("THE OUTPUT IS EMPTY, as HNSEG_ON_ERROR=empty asks, because")
    assert "THE OUTPUT IS EMPTY" in done.stdout
    assert files_below(folders.output) == [OUTPUT_FILE]


def test_sigterm_is_heeded_by_process_1_while_libraries_are_being_imported(image, start_container):
    container = start_container(image, "--cpus=0.2")  # slow imports
    caught = 0
    while not caught >> (signal.SIGTERM - 1) & 1:  # bit n - 1 stands for signal n
        caught = int(engine("exec", container.id, "grep", "SigCgt", "/proc/1/status").stdout.split()[1], 16)
    assert container.stop() == 143
    assert container.log() == (
        "",
        "The container was stopped by a signal before its work began, so there is no output.\n",
    )


def test_sigterm_stops_a_case_and_leaves_nothing(image, folders, start_container):
    write_small_case(folders.input, shape_zyx=(64, 256, 256))
    container = start_container(image, "--cpus=0.5")
    container.wait_for("prepare:")
    assert container.stop() == 143
    assert container.log()[1].splitlines()[-1].startswith("The case was stopped by a signal before it was finished")
    assert files_below(folders.output) == []


def test_sigterm_after_a_first_label_map_leaves_a_whole_label_map(image, folders, start_container, long_model):
    shutil.rmtree(folders.model)
    copy_readable(long_model, folders.model)
    write_small_case(folders.input, shape_zyx=LONG_ZYX)
    container = start_container(image, "--cpus=0.5", "--env=HNSEG_LIMIT_S=90")
    container.wait_for("first label map after")
    assert container.stop() == 143
    assert "; the output is complete" in container.log()[1].splitlines()[-1]
    assert files_below(folders.output) == [OUTPUT_FILE]
    assert sitk.ReadImage(str(folders.output / OUTPUT_FILE)).GetSize() == LONG_ZYX[::-1]


def test_half_a_processor_still_ends_in_time(image, folders, run_container, long_model):
    shutil.rmtree(folders.model)
    copy_readable(long_model, folders.model)
    write_small_case(folders.input, shape_zyx=LONG_ZYX)
    done = run_container(image, "--cpus=0.5", "--env=HNSEG_LIMIT_S=30")
    assert done.returncode == 0, done.stderr
    assert "to end within 30 s." in done.stdout
    assert files_below(folders.output) == [OUTPUT_FILE]
