import math

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.geometry import Grid, array_of
from hnseg.platform.maps import checked_maps, empty_maps
from hnseg.platform.spec import MapSocket
from hnseg.platform.writing import clear_output, is_output_complete, withdraw_output, write_empty, write_output

LN3 = math.log(3)


@pytest.fixture
def unsure(spec):
    """The toy challenge with two labels and a map of the entropy."""
    maps = (MapSocket(slug="unsure", relative_path="images/unsure", title="entropy map"),)
    return spec.model_copy(update={"maps": maps})


@pytest.fixture
def entropy(make_image):
    """Entropies from 0 to the largest, as float32, which rounds it up."""
    return make_image(np.linspace(0, LN3, 60).reshape(3, 4, 5).astype(np.float32))


def test_a_map_is_written_whole_in_float32_on_the_references_grid(unsure, case, make_image, entropy, tmp_path):
    label_map = make_image(np.zeros((3, 4, 5), np.uint8))
    write_output(unsure, label_map, case, tmp_path, maps={"unsure": sitk.Cast(entropy, sitk.sitkFloat64)})
    path = tmp_path / "images/unsure/output.mha"
    written = sitk.ReadImage(str(path))
    assert b"CompressedData = True" in path.read_bytes()
    assert written.GetPixelID() == sitk.sitkFloat32
    assert Grid.of(written) == Grid.of(case.reference)
    assert np.array_equal(array_of(written), array_of(entropy))
    assert is_output_complete(unsure, tmp_path)


def test_beside_an_empty_label_map_nothing_is_known(unsure, case, tmp_path):
    write_empty(unsure, Grid.of(case.reference), tmp_path)
    written = sitk.ReadImage(str(tmp_path / "images/unsure/output.mha"))
    assert (array_of(written) == np.float32(LN3)).all()
    assert Grid.of(written) == Grid.of(case.reference)
    (made,) = empty_maps(unsure, Grid.of(case.reference))
    checked_maps(unsure, {"unsure": made}, Grid.of(case.reference))


def test_a_map_alone_makes_no_output_complete_and_is_withdrawn_with_the_others(unsure, case, tmp_path):
    write_empty(unsure, Grid.of(case.reference), tmp_path)
    (tmp_path / "images/out/output.mha").unlink()
    assert not is_output_complete(unsure, tmp_path)
    withdraw_output(unsure, tmp_path)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_files_of_another_origin_in_its_folder_are_kept_and_said(unsure, tmp_path):
    (tmp_path / "images/unsure").mkdir(parents=True)
    (tmp_path / "images/unsure/other.mha").touch()
    with pytest.raises(OutputError, match=r"output\.mha must be the only file in .*unsure, but other\.mha is there"):
        clear_output(unsure, tmp_path)


def test_rounding_beyond_the_range_is_taken_off(unsure, make_image, entropy):
    over = make_image((array_of(entropy) * (1 + 1e-5) - 1e-6).astype(np.float32))
    (written,) = checked_maps(unsure, {"unsure": over}, Grid.of(entropy))
    values = array_of(written)
    assert (values.min(), values.max()) == (0, np.float32(LN3))


@pytest.mark.parametrize(
    ("value", "found"), [(1.2, "is from 0 to 1.2"), (-0.1, "is from -0.1 to 1.099"), (math.nan, "is from nan to nan")]
)
def test_what_is_out_of_range_is_refused_and_nothing_written(unsure, case, make_image, entropy, tmp_path, value, found):
    wrong = array_of(entropy)
    wrong[1, 2, 3] = value
    label_map = make_image(np.zeros((3, 4, 5), np.uint8))
    with pytest.raises(OutputError, match=rf"entropy map must be from 0 to 1\.099 nats.*, but {found}"):
        write_output(unsure, label_map, case, tmp_path, maps={"unsure": make_image(wrong)})
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


@pytest.fixture
def likely(spec):
    """The toy challenge with one label and a map of its probability."""
    output = spec.output.model_copy(update={"labels": {1: "Tumour"}})
    maps = (MapSocket(slug="likely", relative_path="images/likely", title="probability", kind="probability"),)
    return spec.model_copy(update={"output": output, "maps": maps})


def test_a_probability_is_from_0_to_1_and_0_where_nothing_is_known(likely, make_image):
    values = np.linspace(0, 1, 60).reshape(3, 4, 5).astype(np.float32)
    grid = Grid.of(make_image(values))
    (written,) = checked_maps(likely, {"likely": make_image(values)}, grid)
    assert np.array_equal(array_of(written), values)
    (made,) = empty_maps(likely, grid)
    assert not array_of(made).any()
    with pytest.raises(
        OutputError, match=r"The probability must be from 0 to 1, but is from 0 to 100\. Is it in per cent"
    ):
        checked_maps(likely, {"likely": make_image(values * 100)}, grid)


def test_a_map_must_be_there_and_on_the_label_maps_grid(unsure, spec, make_image, entropy):
    grid = Grid.of(entropy)
    with pytest.raises(OutputError, match="The maps must be unsure, but were none"):
        checked_maps(unsure, {}, grid)
    with pytest.raises(OutputError, match="The maps must be none, but were unsure"):
        checked_maps(spec, {"unsure": entropy}, grid)
    elsewhere = make_image(array_of(entropy), origin_mm=(0, 0, 0))
    with pytest.raises(OutputError, match="entropy map must be on the grid of the label map, but has origin"):
        checked_maps(unsure, {"unsure": elsewhere}, grid)
