"""Segmentation of images; its label maps are compared with nnU-Net's in `cli/test_predict`."""

from contextlib import contextmanager

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, image_of
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.segmentation import segment_images
from hnseg.provenance import Provenance

GRID = Grid((34, 30, 9), (1.0, 1.13, 1.9), (4.1, 5.3, -6.7), sitk.Euler3DTransform().GetMatrix())


@pytest.fixture
def images(tmp_path):
    paths = [tmp_path / "t2w.mha", tmp_path / "map.mha"]
    for path in paths:
        noise = np.random.default_rng(1).normal(300, 40, GRID.shape_zyx).astype(np.int16)
        sitk.WriteImage(image_of(noise, GRID), str(path))
    return paths


@pytest.fixture
def ensemble(make_model):
    return load_ensemble(open_bundle(make_model(folds=(0, 1)), folds=[0]), device="cpu")


class Told:
    """Watcher that keeps what it is told."""

    def __init__(self):
        self.steps, self.works = [], []
        self.work_done = self.works.append

    @contextmanager
    def step(self, name):
        self.steps.append(name)
        yield


def segmented(ensemble, images, progress=None, **more):
    provenance, effort = Provenance(progress=progress), Effort(step=1.0, mirroring=False)
    return segment_images(ensemble, images, provenance, deadline=Deadline.never(), effort=effort, **more), provenance


def test_the_label_map_lies_on_the_images_grid_and_progress_is_told(ensemble, images):
    watcher, shapes = Told(), []
    predicted, provenance = segmented(ensemble, images, progress=watcher, probabilities=shapes.append)
    assert Grid.of(predicted.label_map) == Grid.of(sitk.ReadImage(str(images[0])))
    assert watcher.steps == ["read", "predict"]
    assert (watcher.works[-1].tiles, watcher.works[-1].of_tiles, watcher.works[-1].share) == (8, 8, 1)
    assert shapes == [(3, *GRID.shape_zyx)]
    assert '"T2w"' in provenance.as_json()


def test_a_missing_channel_is_refused(ensemble, images):
    with pytest.raises(InputError, match="2 channels"):
        segmented(ensemble, images[:1])
