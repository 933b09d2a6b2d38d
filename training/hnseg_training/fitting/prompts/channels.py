"""Channels of clicks in nnU-Net's plans and description of a data set: they exist in a network's input only."""

from __future__ import annotations

from typing import Any

from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg_training.dataset.work_folder import CONFIGURATION

_UNUSED = {
    "max": 1.0,
    "mean": 0.0,
    "median": 0.0,
    "min": -1.0,
    "percentile_00_5": -1.0,
    "percentile_99_5": 1.0,
    "std": 1.0,
}


def plans_with_clicks(plans: dict[str, Any], encoding: PromptEncoding) -> dict[str, Any]:
    """Return plans whose last channels are those of clicks, which nothing normalises."""
    configuration = plans["configurations"][CONFIGURATION]
    count = len(encoding.channel_names)
    schemes = [*configuration["normalization_schemes"], *["NoNormalization"] * count]
    images = len(schemes) - count
    intensities = plans["foreground_intensity_properties_per_channel"]
    return {
        **plans,
        "foreground_intensity_properties_per_channel": {
            **intensities,
            **{str(images + number): dict(_UNUSED) for number in range(count)},
        },
        "configurations": {
            CONFIGURATION: {
                **configuration,
                "normalization_schemes": schemes,
                "use_mask_for_norm": [*configuration["use_mask_for_norm"], *[False] * count],
            }
        },
    }


def dataset_with_clicks(dataset: dict[str, Any], encoding: PromptEncoding) -> dict[str, Any]:
    """Return the description of a data set whose last channels are those of clicks, and their encoding."""
    names = [*dataset["channel_names"].values(), *encoding.channel_names]
    return {
        **dataset,
        "channel_names": {str(number): name for number, name in enumerate(names)},
        "prompts": encoding.model_dump(mode="json"),
    }
