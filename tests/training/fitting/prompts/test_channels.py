from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg_training.fitting.prompts.channels import dataset_with_clicks, plans_with_clicks

SIGNED = PromptEncoding(structures=("GTVp", "GTVn"))
PLANS = {
    "plans_name": "plans",
    "foreground_intensity_properties_per_channel": {"0": {"mean": 40.0}, "1": {"mean": 1.0}},
    "configurations": {
        "3d_fullres": {
            "normalization_schemes": ["CTNormalization", "NoNormalization"],
            "use_mask_for_norm": [False, True],
            "batch_size": 2,
        }
    },
}
DATASET = {"channel_names": {"0": "CT", "1": "noNorm"}, "labels": {"background": 0, "GTVp": 1, "GTVn": 2}}


def test_nothing_normalises_clicks():
    plans = plans_with_clicks(PLANS, SIGNED)
    configuration = plans["configurations"]["3d_fullres"]
    assert configuration["normalization_schemes"] == ["CTNormalization", *["NoNormalization"] * 3]
    assert configuration["use_mask_for_norm"] == [False, True, False, False]
    assert configuration["batch_size"] == 2
    assert list(plans["foreground_intensity_properties_per_channel"]) == ["0", "1", "2", "3"]
    assert len(PLANS["configurations"]["3d_fullres"]["normalization_schemes"]) == 2  # the plans of the data set stay


def test_the_description_says_how_clicks_are_drawn():
    dataset = Dataset.model_validate(dataset_with_clicks(DATASET, SIGNED))
    assert dataset.channels == ("CT", "noNorm", "GTVp clicks", "GTVn clicks")
    assert dataset.image_channels == ("CT", "noNorm")
    assert dataset.prompts == SIGNED


def test_separate_signs_are_two_channels_a_structure():
    separate = SIGNED.model_copy(update={"sign": "separate"})
    assert len(dataset_with_clicks(DATASET, separate)["channel_names"]) == 6
    assert len(plans_with_clicks(PLANS, separate)["configurations"]["3d_fullres"]["normalization_schemes"]) == 6
