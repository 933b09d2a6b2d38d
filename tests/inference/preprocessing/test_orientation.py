"""Reorientation for models trained on turned images, and label maps turned back."""

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk
from nnunetv2.imageio.nibabel_reader_writer import NibabelIOWithReorient
from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIOWithReorient

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, image_of
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import predict
from hnseg.inference.preprocessing.orientation import turned
from tests.support.nnunet_oracle import Oracle, float32_accumulators
from tests.support.tolerances import assert_same_labels, ties

DIRECTIONS = {
    "LPS": (1, 0, 0, 0, 1, 0, 0, 0, 1),
    "sagittal slices": (0, 0, 1, 1, 0, 0, 0, -1, 0),
    "oblique": sitk.VersorTransform((0.3, -0.1, 1.0), 0.3).GetMatrix(),
}
SIGNED_AXES = [
    tuple(np.array([flips[row] * (order[row] == column) for row in range(3) for column in range(3)], float))
    for order in permutations(range(3))
    for flips in product((-1, 1), repeat=3)
]


@pytest.mark.parametrize("direction", [*SIGNED_AXES, DIRECTIONS["oblique"]])
def test_turning_is_what_itk_does_without_a_copy(direction):
    grid = Grid((2, 3, 4), (1.0, 1.13, 1.9), (4.0, 5.0, -6.0), direction)
    array = np.arange(48, dtype=np.float32).reshape(2, *grid.shape_zyx)
    ours = turned(Channels(array, grid))
    for channel, given in zip(ours.array, array, strict=True):
        expected = sitk.DICOMOrient(image_of(given, grid), "RAS")
        assert np.array_equal(channel, sitk.GetArrayFromImage(expected))
        assert ours.grid.matches(Grid.of(expected))
    assert np.shares_memory(ours.array, array)


@pytest.mark.numeric
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("reader", [NibabelIOWithReorient, SimpleITKIOWithReorient], ids=lambda reader: reader.__name__)
def test_the_label_map_is_that_of_nnunet_with_a_reader_that_turns(make_model, tmp_path, reader, direction):
    folder = make_model(channel_names=["T2w"], reader=reader.__name__)
    grid = Grid((34, 30, 9), (1.0, 1.13, 1.9), (4.0, 5.0, -6.0), DIRECTIONS[direction])
    array = np.random.default_rng(1).normal(size=(1, *grid.shape_zyx)).astype(np.float32)
    sitk.WriteImage(image_of(array[0], grid), str(tmp_path / "image.nii.gz"))
    oriented, properties = reader().read_images([str(tmp_path / "image.nii.gz")])
    with float32_accumulators():
        label_map, logits = Oracle.of(folder, (0,), mirroring=False).predict(oriented, properties["spacing"])
    reader().write_seg(label_map, str(tmp_path / "expected.nii.gz"), properties)
    expected = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "expected.nii.gz")))
    reader().write_seg(ties(logits).astype(np.uint8), str(tmp_path / "ties.nii.gz"), properties)
    tied = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "ties.nii.gz"))) == 1
    ensemble = load_ensemble(open_bundle(folder), device="cpu")
    predicted = predict(ensemble, Channels(array, grid), Deadline.never(), effort=Effort(mirroring=False))
    ours = predicted.label_map
    assert Grid.of(ours) == grid
    assert_same_labels(sitk.GetArrayFromImage(ours), expected, tied)
