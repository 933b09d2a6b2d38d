import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg.method import Settings, prepare
from containers.hnts_mrg.spec import MID_T2W, REGISTERED_MASK
from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.gradient_map import GradientMapSettings
from hnseg.platform.case import Case
from hnseg_training.challenges.hnts_mrg.convert import KNOWN_SETTINGS, Options, convert
from hnseg_training.challenges.hnts_mrg.sources import find_sources
from hnseg_training.dataset.method_settings import read_settings
from hnseg_training.dataset.work_folder import WorkFolder
from tests.training.conftest import GRID, PATIENTS


def channel(work: WorkFolder, sample: str, number: int) -> np.ndarray:
    return array_of(sitk.ReadImage(str(work.raw / "imagesTr" / f"{sample}_{number:04d}.nii.gz")))


def label_map(work: WorkFolder, sample: str) -> np.ndarray:
    return array_of(sitk.ReadImage(str(work.raw / "labelsTr" / f"{sample}.nii.gz")))


def public(source, patient: str, name: str) -> sitk.Image:
    return sitk.ReadImage(str(source / "HNTSMRG24_train" / patient / name.format(patient)))


def settings_named(name: str) -> Settings:
    return read_settings(name, KNOWN_SETTINGS)


def test_each_patient_gives_a_mid_and_a_pre_sample(converted):
    samples = {path.name.removesuffix(".nii.gz") for path in (converted.raw / "labelsTr").iterdir()}
    assert samples == {*PATIENTS, *(f"{name}pre" for name in PATIENTS)}
    assert len(list((converted.raw / "imagesTr").iterdir())) == 2 * len(samples)


def test_the_truth_is_the_mask_of_the_same_visit(converted, source):
    assert (label_map(converted, "5") == array_of(public(source, "5", "midRT/{}_midRT_mask.nii.gz"))).all()
    assert (label_map(converted, "5pre") == array_of(public(source, "5", "preRT/{}_preRT_mask.nii.gz"))).all()


def test_files_keep_the_geometry(converted):
    image = sitk.ReadImage(str(converted.raw / "imagesTr" / "5_0001.nii.gz"))
    assert Grid.of(image).matches(GRID)
    assert image.GetPixelID() == sitk.sitkFloat32


def test_masks_with_a_rounded_direction_lie_on_their_image(source, tmp_path):
    # As four of the public masks do: cosines that are off by 2.4e-5 move no voxel by a hundredth of its size.
    turned = sitk.VersorTransform((0.0, 0.0, 1.0), 2.4e-5)
    for path in (source / "HNTSMRG24_train" / "5").rglob("*mask*.nii.gz"):
        mask = sitk.ReadImage(str(path))
        direction = np.reshape(turned.GetMatrix(), (3, 3)) @ np.reshape(mask.GetDirection(), (3, 3))
        mask.SetDirection(direction.ravel().tolist())
        sitk.WriteImage(mask, str(path))
    work = convert(source, tmp_path, settings=Settings())
    for sample in ("5", "5pre"):
        written = sitk.ReadImage(str(work.raw / "labelsTr" / f"{sample}.nii.gz"))
        image = sitk.ReadImage(str(work.raw / "imagesTr" / f"{sample}_0000.nii.gz"))
        assert Grid.of(written) == Grid.of(image)


def test_with_the_test_margin_the_channels_are_those_of_the_container(source, tmp_path):
    # When smallest and largest margin are the test margin, nothing is left to chance.
    settings = Settings(gradient_map=GradientMapSettings(train_margin_voxels=(5, 5), test_margin_voxels=5))
    work = convert(source, tmp_path, settings=settings)
    mid = public(source, "11", "midRT/{}_midRT_T2.nii.gz")
    prior = sitk.Cast(public(source, "11", "midRT/{}_preRT_mask_registered.nii.gz"), sitk.sitkUInt8)
    expected = prepare(Case({MID_T2W: mid, REGISTERED_MASK: prior}, mid, {}), settings)
    for number in (0, 1):
        np.testing.assert_array_equal(channel(work, "11", number), expected.array[number])


def test_margins_are_drawn_for_each_sample_and_repeat_with_the_seed(converted, source, tmp_path):
    again = convert(source, tmp_path / "again", settings=Settings(), options=Options(seed=7))
    other = convert(source, tmp_path / "other", settings=Settings(), options=Options(seed=8))
    np.testing.assert_array_equal(channel(again, "5", 1), channel(converted, "5", 1))
    assert (channel(other, "5", 1) != channel(converted, "5", 1)).any()
    # Both visits have the same prior here, so only drawn margins can make their boxes differ.
    assert ((channel(converted, "5", 1) > 0) != (channel(converted, "5pre", 1) > 0)).any()


def test_the_folds_lie_where_nnunet_looks_for_them(converted):
    folds = json.loads((converted.preprocessed / "splits_final.json").read_text())
    assert len(folds) == 5
    assert sorted(sample for fold in folds for sample in fold["val"]) == sorted(PATIENTS)


def test_the_gradient_map_is_not_normalised_unless_as_in_the_paper(converted, source, tmp_path):
    def names(work):
        return json.loads((work.raw / "dataset.json").read_text())["channel_names"]

    paper = convert(source, tmp_path, settings=settings_named("paper"), options=Options(map_name="gradient map"))
    assert names(converted) == {"0": "T2w", "1": "noNorm"}
    assert names(paper) == {"0": "T2w", "1": "gradient map"}


def test_the_settings_travel_with_the_data_set(converted, source, tmp_path):
    paper = convert(source, tmp_path, settings=settings_named("paper"))
    assert Settings.model_validate_json((converted.raw / "method.json").read_text()) == Settings()
    written = Settings.model_validate_json((paper.raw / "method.json").read_text())
    assert written.gradient_map == GradientMapSettings.paper()


def test_without_the_gradient_channel_there_is_one(source, tmp_path):
    work = convert(source, tmp_path, settings=Settings(gradient_channel=False))
    assert len(list((work.raw / "imagesTr").iterdir())) == 2 * len(PATIENTS)
    assert json.loads((work.raw / "dataset.json").read_text())["channel_names"] == {"0": "T2w"}


def test_settings_are_read_from_a_file(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text('{"gradient_map": {"test_margin_voxels": 3}}')
    assert settings_named(str(file)).gradient_map.test_margin_voxels == 3


def test_settings_that_are_no_settings_are_refused(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text('{"gradient_map": {"margin": 3}}')
    with pytest.raises(InputError, match="must be default, paper or a JSON file"):
        settings_named(str(file))
    with pytest.raises(InputError, match="must be default, paper or a JSON file"):
        settings_named("papr")


def test_missing_files_are_listed(make_source, tmp_path):
    source = make_source()
    train = source / "HNTSMRG24_train"
    (train / "5/midRT/5_preRT_mask_registered.nii.gz").unlink()
    shutil.rmtree(train / "10/preRT")
    with pytest.raises(InputError, match=r"3 problems were found of 2 of 5 patients; nothing was") as error:
        convert(source, tmp_path / "work", settings=Settings())
    lines = str(error.value).splitlines()
    assert "5/midRT/5_preRT_mask_registered.nii.gz must be there, but there is none" in lines[1]
    assert "10/preRT/10_preRT_T2.nii.gz must be there, but there is no preRT" in lines[2]
    assert lines[-1] == "Mend them, or leave these patients out: --leave-out 10 --leave-out 5"
    assert not (tmp_path / "work").exists()


def test_suffixes_in_capitals_are_taken(make_source):
    source = make_source()
    for path in list(source.rglob("*.nii.gz")):
        path.rename(path.with_name(path.name.replace(".nii.gz", ".NII.GZ")))
    assert [one.mid.t2w.name for one in find_sources(source).sources] == [
        f"{name}_midRT_T2.NII.GZ" for name in PATIENTS
    ]


def test_a_folder_without_patients_is_refused(tmp_path):
    with pytest.raises(InputError, match="but there is no patient's folder in it"):
        convert(tmp_path, tmp_path / "work", settings=Settings())


def test_a_mask_on_another_grid_is_refused(make_source, tmp_path):
    source = make_source()
    path = source / "HNTSMRG24_train/5/midRT/5_preRT_mask_registered.nii.gz"
    mask = sitk.ReadImage(str(path))
    mask.SetSpacing((2.0, 2.0, 3.5))
    sitk.WriteImage(mask, str(path))
    with pytest.raises(InputError, match=r"5_preRT_mask_registered.nii.gz must lie on the grid of its T2w .*spacing"):
        convert(source, tmp_path / "work", settings=Settings())
    assert not list((tmp_path / "work").rglob("Dataset*"))


def test_a_label_outside_the_set_is_refused(make_source, tmp_path):
    source = make_source()
    path = source / "HNTSMRG24_train/5/midRT/5_midRT_mask.nii.gz"
    sitk.WriteImage(image_of(np.full(GRID.shape_zyx, 3, np.uint8), GRID), str(path))
    with pytest.raises(InputError, match=r"must hold only 0, 1 \(GTVp\), 2 \(GTVn\), but .*5_midRT_mask.* holds 3"):
        convert(source, tmp_path / "work", settings=Settings())


def test_a_second_conversion_into_one_work_folder_is_refused(converted, source):
    with pytest.raises(InputError, match="holds Dataset504_hnts_mrg already"):
        convert(source, converted.root, settings=Settings())
