"""nnU-Net's own commands on a converted data set, from its planning to a trained folder that runs here as it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from tests.support.small_case import OUTPUT_FILE, write_small_case
from tests.support.small_challenges import HNTS_MRG

pytestmark = pytest.mark.slow

HNSEG = Path(sys.executable).with_name("hnseg")
PLANS = "coarsePlans"
TRAINER = "nnUNetTrainer_1epoch"
COMMAND = (
    "import sys; from importlib.metadata import entry_points as e; e(group='console_scripts')[sys.argv[0]].load()()"
)


@pytest.fixture(scope="module")
def work(source, tmp_path_factory):
    work = tmp_path_factory.mktemp("nnunet") / "work"
    run(Path(sys.executable).with_name("hnseg-train"), "convert", "hnts_mrg", source, "--output", work)
    return work


@pytest.fixture(scope="module")
def nnunet(work):
    """Run a command of nnU-Net in the environment that its own instructions ask for."""
    folders = {name: str(work / name) for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results")}
    environment = os.environ | folders | {"nnUNet_n_proc_DA": "1", "nnUNet_def_n_proc": "1", "OMP_NUM_THREADS": "1"}

    def run_command(name, *words):
        # As the installed script does, wherever it lies.
        program = f"import sys; sys.argv[0] = {name!r}; {COMMAND}"
        run(sys.executable, "-c", program, *words, env=environment)

    return run_command


@pytest.fixture(scope="module")
def trained(work, nnunet):
    """A result folder of one fold, trained for an epoch: 250 batches.

    The grid is coarse, and fine enough for three stages: with two, nnU-Net weights its loss by 0/0, and ends in NaN.
    """
    coarse = ("-overwrite_target_spacing", "3", "4", "4", "-overwrite_plans_name", PLANS)
    nnunet(
        "nnUNetv2_plan_and_preprocess",
        "-d",
        "504",
        "-c",
        "3d_fullres",
        "-np",
        "1",
        "--verify_dataset_integrity",
        *coarse,
    )
    nnunet("nnUNetv2_train", "504", "3d_fullres", "0", "-p", PLANS, "-tr", TRAINER, "-device", "cpu")
    return work / "nnUNet_results" / "Dataset504_hnts_mrg" / f"{TRAINER}__{PLANS}__3d_fullres"


def run(*command, env=None):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def labels(path):
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_training_ends_with_its_own_validation(trained):
    fold = trained / "fold_0"
    assert (fold / "checkpoint_final.pth").is_file()
    assert (fold / "validation" / "summary.json").is_file()


def test_its_folder_gives_the_label_map_that_nnunet_predicts(work, nnunet, trained, tmp_path):
    images = sorted((work / "nnUNet_raw" / "Dataset504_hnts_mrg" / "imagesTr").iterdir())[:2]
    (tmp_path / "in").mkdir()
    for path in images:
        shutil.copy(path, tmp_path / "in")
    its = (
        "-d",
        "504",
        "-c",
        "3d_fullres",
        "-f",
        "0",
        "-p",
        PLANS,
        "-tr",
        TRAINER,
        "-device",
        "cpu",
        "-npp",
        "1",
        "-nps",
        "1",
    )
    nnunet("nnUNetv2_predict", "-i", tmp_path / "in", "-o", tmp_path / "stock", *its)
    run(HNSEG, "predict", trained, *images, "--output", tmp_path / "ours.nii.gz", "--device", "cpu")
    (stock,) = (tmp_path / "stock").glob("*.nii.gz")
    expected = labels(stock)
    assert expected.any()  # one epoch may find one structure alone
    assert (labels(tmp_path / "ours.nii.gz") == expected).mean() > 0.999


def test_its_folder_runs_in_a_container_s_program(trained, tmp_path):
    case = write_small_case(tmp_path / "input")
    run(HNSEG, "run", HNTS_MRG.container_dir, "--input", case, "--output", tmp_path / "output", "--model", trained)
    found = labels(tmp_path / "output" / OUTPUT_FILE)
    assert found.any()  # one epoch may find one structure alone
    assert set(np.unique(found).tolist()) <= {0, 1, 2}
