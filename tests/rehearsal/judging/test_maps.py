"""Maps as the platform imports them, and values that are not what they promise."""

import math

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.rehearsal.judging.maps import import_map
from tests.support.small_case import write_image
from tests.support.unsure.spec import SPEC

(SOCKET,) = SPEC.maps


@pytest.fixture
def judged(tmp_path):
    """Return a function that writes an array as the map, and returns what the import makes of it."""

    def judge(array):
        write_image(array, tmp_path / SOCKET.relative_path / "any-name.mha")
        return import_map(SOCKET, tmp_path, SPEC)

    return judge


def entropies(dtype=np.float32):
    return np.linspace(0, math.log(3), 24).reshape(2, 3, 4).astype(dtype)


def test_float32_from_0_to_the_largest_entropy_is_taken(judged, tmp_path):
    imported = judged(entropies())
    assert imported.findings == ()
    assert imported.path == tmp_path / SOCKET.relative_path / "any-name.mha"


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (entropies(np.float64), "must be float32, one number a voxel, found 64-bit float, 1 a voxel"),
        (entropies(np.uint8), "must be float32, one number a voxel, found 8-bit unsigned integer, 1 a voxel"),
        (
            entropies() / np.float32(math.log(2)),
            "must be from 0 to 1.099 nats, the entropy of equally likely values, found 0 to 1.585. Is it in another",
        ),
        (
            entropies() - np.float32(0.2),
            "must be from 0 to 1.099 nats, the entropy of equally likely values, found -0.2 to 0.8986",
        ),
        (np.where(entropies() > 1, np.float32(np.nan), entropies()), "must hold finite numbers only"),
        (np.where(entropies() > 1, np.float32(np.inf), entropies()), "must hold finite numbers only"),
    ],
)
def test_other_voxels_fail_in_a_sentence_of_ours(judged, array, sentence):
    (finding,) = judged(array).findings
    assert (finding.severity, finding.platform_says) == ("failure", "")
    assert finding.explanation.startswith(f"The entropy map {sentence}")


def test_a_missing_map_fails_in_the_platforms_words(tmp_path):
    (finding,) = import_map(SOCKET, tmp_path, SPEC).findings
    assert finding.platform_says == "Output directory 'images/entropy-map' is empty"
    assert finding.explanation == "The entropy map must be one .mha file in /output/images/entropy-map."


def test_two_images_fail_in_the_platforms_words(judged, tmp_path):
    sitk.WriteImage(sitk.Image(2, 2, 2, sitk.sitkFloat32), str(tmp_path / "second.mha"))
    folder = tmp_path / SOCKET.relative_path
    folder.mkdir(parents=True)
    (tmp_path / "second.mha").rename(folder / "second.mha")
    (finding,) = judged(entropies()).findings
    assert finding.platform_says == "Only 1 image should be produced in 'images/entropy-map', we found 2"


def test_an_image_of_another_kind_may_hold_anything(tmp_path):
    socket = SOCKET.model_copy(update={"kind": "other"})
    write_image(entropies(np.int16) - 7, tmp_path / socket.relative_path / "any-name.mha")
    imported = import_map(socket, tmp_path, SPEC)
    assert (imported.findings, imported.image is not None) == ((), True)
