"""Public face of the package: its names, how late they are imported, and an image segmented by them."""

import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk

import hnseg
from hnseg.errors import InputError
from tests.support.tolerances import assert_same_labels

NAMES = {
    "Grid", "RefinementSession", "load_challenge", "load_ensemble", "open_bundle", "predict", "rank_teams",
    "register_rigid", "score_folder",
}  # fmt: skip


def test_the_names_are_these_and_each_can_be_imported():
    assert set(hnseg.__all__) == NAMES | {"__version__"}
    assert dir(hnseg) == sorted(hnseg.__all__)
    for name in NAMES:
        public = getattr(hnseg, name)
        assert callable(public)
        assert public.__doc__


def test_another_name_is_no_attribute():
    with pytest.raises(AttributeError, match="module 'hnseg' has no attribute 'segment'"):
        hnseg.segment  # noqa: B018


def test_type_checkers_and_python_find_the_same(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import hnseg\n" + "".join(f"reveal_type(hnseg.{name})\n" for name in sorted(NAMES)))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", str(program)], capture_output=True, text=True, check=False
    )
    revealed = [line for line in done.stdout.splitlines() if "Revealed type is" in line]
    assert len(revealed) == len(NAMES), done.stdout + done.stderr
    assert not [line for line in revealed if '"Any"' in line]


def test_importing_the_package_brings_no_library():
    program = (
        "import sys; import hnseg; dir(hnseg);"
        "print(sorted({'torch', 'SimpleITK', 'numpy', 'scipy', 'pydantic'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_an_image_is_segmented_as_on_the_command_line(make_model, tmp_path):
    model = make_model(patch=(8, 16, 16))
    images = []
    for number in range(2):
        array = np.random.default_rng(number).normal(size=(9, 20, 24)).astype(np.float32)
        images.append(sitk.GetImageFromArray(array))
        images[-1].SetSpacing((1.5, 1.5, 2.0))
        sitk.WriteImage(images[-1], str(tmp_path / f"image_{number}.mha"))
    ensemble = hnseg.load_ensemble(hnseg.open_bundle(model), device="cpu", backend="torch")
    result = hnseg.predict(ensemble, images)
    assert hnseg.Grid.of(result.label_map) == hnseg.Grid.of(images[0])
    assert result.notes == ()
    files = [str(tmp_path / f"image_{number}.mha") for number in range(2)]
    output = tmp_path / "label_map.mha"
    command = ["predict", str(model), *files, "--output", str(output), "--device", "cpu", "--backend", "torch"]
    subprocess.run([sys.executable, "-c", "from hnseg.cli import main; main()", *command], check=True)
    found, expected = (sitk.GetArrayFromImage(each) for each in (result.label_map, sitk.ReadImage(str(output))))
    assert_same_labels(found, expected, np.zeros(found.shape, bool))


def test_images_that_are_not_one_for_each_channel_are_refused(make_model):
    ensemble = hnseg.load_ensemble(hnseg.open_bundle(make_model(patch=(8, 16, 16))), device="cpu", backend="torch")
    image = sitk.Image(24, 20, 9, sitk.sitkFloat32)
    with pytest.raises(InputError, match=r"one image for each of the model's 2 channels .*, but 1 were given"):
        hnseg.predict(ensemble, [image])
    shifted = sitk.Image(image)
    shifted.SetOrigin((0.0, 0.0, 5.0))
    with pytest.raises(InputError, match="Every channel must be on the same grid, but the image of channel "):
        hnseg.predict(ensemble, [image, shifted])
