"""Tiny HNTS-MRG in the public layout, and the results of each command."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg.method import Settings
from hnseg.imaging.geometry import Grid, image_of
from hnseg_training.challenges.hnts_mrg.convert import Options as HntsOptions
from hnseg_training.challenges.hnts_mrg.convert import convert
from hnseg_training.challenges.recurrence.convert import Options
from hnseg_training.challenges.recurrence.convert import convert as convert_recurrence
from hnseg_training.dataset.single_split import Shares
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.fit import Schedule, fit
from hnseg_training.fitting.plan import plan
from hnseg_training.fitting.preset import PRESETS
from tests.support.tiny_recurrence import EVEN_SETTINGS, TINY_PAPER
from tests.support.tiny_recurrence import write_source as write_recurrences

GRID = Grid((40, 36, 12), (2.0, 2.0, 3.0), (-40.0, -36.0, 5.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
PATIENTS = ("2", "5", "10", "11", "100")
TINY = Schedule(epochs=2, iterations=1, device="cpu", threads=1)


@contextmanager
def _small_files(largest_bytes: int) -> Iterator[None]:
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_bytes, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


@pytest.fixture
def small_files():
    """A context in which no file can grow beyond a number of bytes, as on a full disk."""
    return _small_files


@pytest.fixture(scope="session")
def make_source(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Write the public layout afresh, for tests that damage it."""

    def make() -> Path:
        source = tmp_path_factory.mktemp("source")
        for name in PATIENTS:
            write_patient(source / "HNTSMRG24_train" / name, rng=np.random.default_rng(int(name)))
        return source

    return make


def write_patient(folder: Path, *, rng: np.random.Generator) -> None:
    """Write two visits; a GTVp and a GTVn that are brighter than their surroundings and shrink by a voxel a side."""
    pre = np.zeros(GRID.shape_zyx, dtype=np.uint8)
    pre[3:8, 8:18, 6:16] = 1
    pre[4:10, 20:30, 22:34] = 2
    mid = np.zeros_like(pre)
    mid[4:7, 9:17, 7:15] = 1
    mid[5:9, 21:29, 23:33] = 2
    images = {
        "preRT/{}_preRT_T2": t2w_of(pre, rng),
        "preRT/{}_preRT_mask": pre,
        "midRT/{}_midRT_T2": t2w_of(mid, rng),
        "midRT/{}_midRT_mask": mid,
        "midRT/{}_preRT_T2_registered": t2w_of(pre, rng),
        "midRT/{}_preRT_mask_registered": pre,
    }
    for visit in ("preRT", "midRT"):
        (folder / visit).mkdir(parents=True)
    for path, array in images.items():
        sitk.WriteImage(image_of(array, GRID), str(folder / f"{path.format(folder.name)}.nii.gz"))


def t2w_of(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (rng.normal(100, 5, mask.shape) + 80 * (mask > 0)).astype(np.float32)


@pytest.fixture(scope="session")
def source(make_source: Callable[[], Path]) -> Path:
    return make_source()


@pytest.fixture(scope="session")
def converted(source: Path, tmp_path_factory: pytest.TempPathFactory) -> WorkFolder:
    return convert(source, tmp_path_factory.mktemp("work"), settings=Settings(), options=HntsOptions(seed=7))


@pytest.fixture(scope="session")
def planned(converted: WorkFolder) -> WorkFolder:
    plan(converted, PRESETS["demo"], workers=1)
    return converted


@pytest.fixture(scope="session")
def trained(planned: WorkFolder) -> WorkFolder:
    """Two folds, two epochs of one iteration."""
    for fold in (0, 3):
        fit(planned, PRESETS["demo"], fold, TINY)
    return planned


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> WorkFolder:
    """Three planned runs on tiny patients with recurrences, 3 to train on and 2 to validate on."""
    source = write_recurrences(tmp_path_factory.mktemp("source"))
    options = Options(split=Shares(3, 2, 0), runs=3)
    work = convert_recurrence(source, tmp_path_factory.mktemp("work"), settings=EVEN_SETTINGS, options=options)
    plan(work, TINY_PAPER, workers=1)
    return work


@pytest.fixture(scope="session")
def selected(runs: WorkFolder) -> WorkFolder:
    """Two of the runs fitted; the first so slowly that its Dice never rises, the second as published for two epochs."""
    fit(runs, TINY_PAPER, 0, Schedule(epochs=9, iterations=None, device="cpu", threads=1, learning_rate=1e-9))
    fit(runs, TINY_PAPER, 1, Schedule(epochs=2, iterations=None, device="cpu", threads=1))
    return runs
