"""Cases in a stand-in for Apptainer, which checks the options and really runs the program; no real one was at hand."""

import json
import os
from dataclasses import replace

import pytest

from hnseg.errors import EngineError
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.running.runners import apptainer_runner
from tests.support.small_rehearsal import no_progress

CGROUPS = "memory was limited for each process"


@pytest.fixture
def rehearsed(apptainer, small_request):
    """Rehearse an image on the one case and return the result."""

    def run(sif, *, confinement="stricter", **limits):
        profile = small_request.profile.model_copy(update={"confinement": confinement, **limits})
        request = replace(small_request, profile=profile)
        with apptainer_runner(apptainer, str(sif), request.model_dir, profile, gpu=False) as runner:
            return rehearse(request, runner, no_progress)

    return run


def calls(bin_dir, verb):
    lines = (bin_dir / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    return [call for call in map(json.loads, lines) if verb in call[:2]]


def test_a_good_image_passes_and_is_scored(rehearsed, write_sif):
    result = rehearsed(write_sif())
    assert result.passed, result.verdict
    assert (result.engine, result.image.user) == ("Apptainer 1.4.2", "1000:1000")
    assert result.cases[0].structures
    assert result.cases[0].peak_program_gib > 0


def test_it_is_confined_with_the_platforms_folders_and_variables(rehearsed, write_sif, bin_dir, tmp_path):
    program = "print(os.environ['LOG_LEVEL'], 'HOME' in os.environ, os.getcwd())\n"
    (case,) = rehearsed(write_sif(program)).cases
    assert case.stdout_tail == (f"INFO False {tmp_path}",)
    call = calls(bin_dir, "run")[0]
    assert {"--containall", "--no-home", "--no-eval", "--net", "--network=none"} <= set(call)
    assert ("--no-privs" in call) == (os.geteuid() == 0)
    assert "--writable-tmpfs" not in call
    mounts = {word.split("dst=")[1] for word in call if word.startswith("--mount=type=bind,src=")}
    assert mounts == {"/input,ro", "/output", "/opt/ml/model,ro"}
    assert [word for word in call if word.startswith("--memory=")] == [f"--memory={16 << 30}"]


def test_as_on_the_platform_its_root_is_writable(rehearsed, write_sif, bin_dir):
    rehearsed(write_sif(), confinement="platform")
    call = calls(bin_dir, "run")[0]
    assert "--writable-tmpfs" in call
    assert any(word.endswith("dst=/opt/ml/model") for word in call)


@pytest.mark.parametrize(
    ("marker", "options", "gap"),
    [
        ("no-network", ("--network=none",), "Apptainer can't take the network away here"),
        ("no-cgroups", ("--memory", "--pids-limit"), CGROUPS),
    ],
)
def test_what_an_installation_does_not_allow_is_left_out_and_told(rehearsed, write_sif, bin_dir, marker, options, gap):
    (bin_dir / marker).touch()
    result = rehearsed(write_sif())
    assert result.passed, result.verdict
    assert any(gap in each for each in result.gaps)
    assert not any(word.startswith(options) for word in calls(bin_dir, "run")[0])


def test_where_all_is_possible_nothing_else_is_told(rehearsed, write_sif):
    gaps = rehearsed(write_sif()).gaps
    assert not any(CGROUPS in gap or "network" in gap or "tells of no Docker image" in gap for gap in gaps)


def test_an_image_of_another_origin_is_rehearsed_without_its_checks(rehearsed, write_sif):
    result = rehearsed(write_sif(config=False))
    assert (result.passed, result.image) == (True, None)
    assert any("tells of no Docker image" in gap for gap in result.gaps)


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("sys.exit('No tumour.')\n", "No tumour."),
        ("time.sleep(60)\n", "Time limit exceeded"),
        ("held = bytearray(200 << 20); time.sleep(90)\n", "The container was killed as it exceeded its memory limit"),
        ("pass\n", "Output directory 'images/mri-head-neck-segmentation' is empty"),
    ],
)
def test_a_bad_image_fails_with_the_platforms_sentence(rehearsed, write_sif, program, sentence):
    limits = {"ram_gib": 0.15, "reserved_gib": -1} if "held" in program else {}  # RLIMIT_DATA would come before
    time_limit_s = 2 if sentence == "Time limit exceeded" else 60
    result = rehearsed(write_sif(program), confinement="platform", time_limit_s=time_limit_s, **limits)
    assert not result.passed
    assert result.cases[0].platform_says == sentence


def test_the_images_user_is_judged_as_at_the_upload(rehearsed, write_sif):
    result = rehearsed(write_sif(User="root"))
    assert "runs as root" in result.verdict


def test_a_container_that_can_not_be_started_is_apptainers_failure(rehearsed, write_sif):
    with pytest.raises(EngineError, match=r"Apptainer 1\.4\.2 could not start the container: while changing directory"):
        rehearsed(write_sif(WorkingDir="/no/such/folder"))


def test_an_image_that_serves_requests_is_refused(rehearsed, write_sif):
    sif = write_sif(Labels={"org.grand-challenge.api-method": "invoke"})
    with pytest.raises(EngineError, match="must be of the API method exec, but this one serves requests"):
        rehearsed(sif)
