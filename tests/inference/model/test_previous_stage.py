import shutil

import pytest

from hnseg.errors import ModelError
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import Manifest
from hnseg.inference.model.nnunet_plans import read_dataset
from hnseg.inference.model.previous_stage import folder_beside
from tests.support.model_folders import change
from tests.support.nnunet_oracle import Wanted, write_bundle, write_cascade

SECOND, FIRST = "nnUNetTrainer__nnUNetPlans__3d_cascade_fullres", "nnUNetTrainer__nnUNetPlans__3d_lowres"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return the folder in which nnU-Net trained both stages."""
    wanted = Wanted(
        labels={"background": 0, "a": 1, "b": 2},
        channel_names=["CT"],
        patch=(24, 36, 36),
        spacing_mm=(1.5, 1.5, 1.5),
        largest_patch=2e4,
    )
    return write_cascade(wanted, (0,), tmp_path_factory.mktemp("cascade")).parent


@pytest.fixture
def both(trained, tmp_path):
    """Return a copy of that folder."""
    return shutil.copytree(trained, tmp_path / "results")


@pytest.fixture
def exported(both, tmp_path):
    """Return the cascade as an exported bundle."""
    bundle = write_bundle(both / SECOND, tmp_path / "bundle", "3d_cascade_fullres")
    write_bundle(both / FIRST, bundle / "previous", "3d_lowres")
    seal(bundle)
    return bundle


def seal(bundle):
    from hnseg.imaging.files.checksum import sha256_of

    files = [path for path in sorted(bundle.rglob("*")) if path.is_file() and path != bundle / "manifest.json"]
    sums = {path.relative_to(bundle).as_posix(): sha256_of(path) for path in files}
    change(bundle / "manifest.json", lambda manifest: manifest.update(sha256=sums))


def test_a_folder_beside_is_nnunet_s_first_stage(both):
    bundle = open_bundle(both / SECOND)
    assert bundle.previous.folder == both / FIRST
    assert bundle.network_channels == 1 + 2
    assert bundle.previous.network_channels == 1
    assert f"previous/{bundle.previous.weights_files[0].relative_to(both / FIRST)}" in bundle.sha256


def test_a_folder_inside_comes_before_one_beside(both):
    shutil.copytree(both / FIRST, both / SECOND / "previous")
    assert open_bundle(both / SECOND).previous.folder == both / SECOND / "previous"


def test_an_exported_cascade_opens_with_its_first_stage(exported):
    bundle = open_bundle(exported)
    assert bundle.previous.configuration.name == "3d_lowres"
    assert set(bundle.sha256) == {
        name.removeprefix("./")
        for stage in (".", "previous")
        for name in (f"{stage}/plans.json", f"{stage}/dataset.json", f"{stage}/fold_0.safetensors")
    }
    assert Manifest.model_validate_json((exported / "manifest.json").read_text()).sha256["previous/manifest.json"]


def test_a_first_stage_that_is_nowhere_is_asked_for(both):
    shutil.rmtree(both / FIRST)
    sentence = rf"must have the model of the first, 3d_lowres, but there is none at .*{SECOND}/previous and .*{FIRST}\."
    with pytest.raises(ModelError, match=sentence):
        open_bundle(both / SECOND)


def test_an_exported_bundle_needs_its_own_first_stage(exported):
    shutil.rmtree(exported / "previous")
    with pytest.raises(ModelError, match=r"there is none at .*previous\. Export the cascade again"):
        open_bundle(exported)


def test_a_first_stage_that_was_changed_is_refused(exported):
    change(exported / "previous" / "manifest.json", lambda manifest: manifest.update(name="another"))
    with pytest.raises(ModelError, match=r"previous/manifest.json must be the file that was exported"):
        open_bundle(exported)


def test_weights_of_a_first_stage_that_were_changed_are_refused(exported):
    with (exported / "previous" / "fold_0.safetensors").open("ab") as file:
        file.write(b"0")
    with pytest.raises(ModelError, match=r"previous/fold_0.safetensors must be the file that was exported"):
        open_bundle(exported)


def test_another_configuration_as_first_stage_is_refused(both):
    shutil.copytree(both / SECOND, both / SECOND / "previous")
    with pytest.raises(ModelError, match=r"must be a 3d_lowres model .*, but .*previous holds 3d_cascade_fullres"):
        open_bundle(both / SECOND)


def test_a_first_stage_with_other_labels_is_refused(both):
    change(both / FIRST / "dataset.json", lambda dataset: dataset["labels"].update(b=3))
    with pytest.raises(ModelError, match=r"must have the same labels, but .*a 1, b 2 in .*a 1, b 3 in"):
        open_bundle(both / SECOND)


def test_a_first_stage_with_other_channels_is_refused(both):
    change(both / FIRST / "dataset.json", lambda dataset: dataset["channel_names"].update({"0": "MR"}))
    with pytest.raises(ModelError, match=r"must have the same channels, but .*CT in .*MR in"):
        open_bundle(both / SECOND)


def test_only_nnunet_s_own_name_tells_where_the_first_stage_is(both):
    configuration = open_bundle(both / SECOND).configuration
    assert folder_beside(both / SECOND, configuration) == both / FIRST
    assert folder_beside(both / "model", configuration) is None


def test_labels_of_regions_count_one_by_one(both):
    change(
        both / FIRST / "dataset.json",
        lambda dataset: dataset.update(
            labels={"background": 0, "whole": [1, 2, 3], "core": [2, 3], "ignore": 4}, regions_class_order=[1, 2]
        ),
    )
    assert read_dataset(both / FIRST).foreground_values == (1, 2, 3)
