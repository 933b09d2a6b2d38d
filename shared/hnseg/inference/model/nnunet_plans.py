"""Plans and dataset of nnU-Net (`plans.json`, `dataset.json`) as typed, checked values.

Axes: nnU-Net transposes an image's (z, y, x) by `transpose_forward` before anything else; patch sizes, spacings and
mirroring axes are in that transposed order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from hnseg.bounded_files import read_bounded
from hnseg.errors import ModelError
from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.inference.model.label_resampling import LabelResampling, label_resampling_of
from hnseg.inference.model.manifest import DATASET_FILE, PLANS_FILE
from hnseg.inference.model.nnunet_old_plans import architecture_of_old_plans
from hnseg.inference.model.nnunet_resampling import NoResampling, Resampling, resampling_of
from hnseg.records import Frozen, first_problem

Model = TypeVar("Model", bound=BaseModel)


_HIGHEST_LABEL = 65_535  # of a label map of uint16
_MOST_MIB = 64  # of plans or a manifest; plans with a long list of cases have one or two


class _Read(Frozen):
    """Values read from a larger file: other keys of it are ignored."""

    model_config = ConfigDict(extra="ignore")


Normalisation = Literal[
    "ZScoreNormalization", "CTNormalization", "NoNormalization", "RescaleTo01Normalization", "RGBTo01Normalization"
]


class Intensities(_Read):
    """Intensities of one channel in the foreground of the training set."""

    mean: float = 0.0
    std: float = 1.0
    percentile_00_5: float = 0.0
    percentile_99_5: float = 0.0


class Architecture(_Read):
    """Class of the network and its arguments."""

    network_class_name: str
    arch_kwargs: dict[str, Any]
    names_to_import: tuple[str, ...] = Field(alias="_kw_requires_import")
    """Names of the arguments that are given as the qualified name of a class."""


class Configuration(_Read):
    """Configuration of the plans, such as 3d_fullres."""

    name: str
    patch_size: tuple[Annotated[int, Field(ge=1, le=2048)], ...] = Field(min_length=2, max_length=3)
    """Size of a patch in voxels; 2 numbers for a network of single slices along the first transposed axis."""
    spacing: tuple[Annotated[float, Field(ge=0.01, le=100)], ...] = Field(min_length=2, max_length=3)
    """Voxel size of the network in mm; 2 numbers where slices stay as thick as they are."""
    normalization_schemes: tuple[Normalisation, ...]
    use_mask_for_norm: tuple[bool, ...]
    preprocessor_name: Literal["DefaultPreprocessor"] = "DefaultPreprocessor"
    resampling_of_image: Resampling
    resampling_of_logits: Resampling
    architecture: Architecture
    previous_stage: str | None = None
    """Configuration of a cascade's first stage, whose label map the network gets too; None for no second stage."""
    resampling_of_labels: LabelResampling | None = None
    """Resampling of that label map."""

    @model_validator(mode="before")
    @classmethod
    def _resampling_by_name(cls, values: dict[str, Any]) -> dict[str, Any]:
        resampling = {
            "resampling_of_image": resampling_of(values, "data"),
            "resampling_of_logits": resampling_of(values, "probabilities"),
        }
        architecture = values.get("architecture") or architecture_of_old_plans(values)
        labels = {"resampling_of_labels": label_resampling_of(values)}
        return values | resampling | labels | {"architecture": architecture}

    @model_validator(mode="after")
    def _logits_come_back_to_the_image(self) -> Configuration:
        of_image, of_logits = (
            isinstance(each, NoResampling) for each in (self.resampling_of_image, self.resampling_of_logits)
        )
        if of_logits and not of_image:
            raise ValueError("resampling_fn_probabilities must bring logits back to the image, but resamples nothing")
        return self

    def spacing_mm(self, image_spacing_mm: tuple[float, ...]) -> tuple[float, ...]:
        """Return the network's spacing along all three axes, given the image's, both transposed."""
        if isinstance(self.resampling_of_image, NoResampling):
            return image_spacing_mm
        return (*image_spacing_mm[: 3 - len(self.spacing)], *self.spacing)


class Plans(_Read):
    """Content of `plans.json`."""

    transpose_forward: tuple[int, int, int]
    image_reader_writer: str = "SimpleITKIO"
    label_manager: Literal["LabelManager"] = "LabelManager"
    intensities: dict[str, Intensities] = Field(
        validation_alias=AliasChoices(
            "foreground_intensity_properties_per_channel", "foreground_intensity_properties_by_modality"
        )
    )
    """Intensities of each channel, by its number."""
    configurations: dict[str, dict[str, Any]]

    @field_validator("transpose_forward")
    @classmethod
    def _axes_are_permuted(cls, axes: tuple[int, int, int]) -> tuple[int, int, int]:
        if sorted(axes) != [0, 1, 2]:
            raise ValueError(f"must hold each of the axes 0, 1 and 2 once, but is {axes}")
        return axes

    @property
    def reorients(self) -> bool:
        """Whether the network was trained on images turned to right, anterior, superior."""
        return self.image_reader_writer.endswith("WithReorient")


class Dataset(_Read):
    """Content of `dataset.json`."""

    channel_names: dict[str, str] = Field(validation_alias=AliasChoices("channel_names", "modality"))
    """Name of each channel, by its number."""
    labels: dict[str, int | tuple[int, ...]]
    """Value of each label by its name; several values where it is a region."""
    regions_class_order: tuple[int, ...] | None = None
    file_ending: Any = None
    """Suffix of its images, such as ".nii.gz"; unchecked, since no network depends on it."""
    prompts: PromptEncoding | None = None
    """Encoding of clicks, whose channels are the last ones; None for a network without such channels."""

    @model_validator(mode="after")
    def _prompts_are_the_last_channels(self) -> Dataset:
        if self.prompts and self.channels[-len(self.prompts.channel_names) :] != self.prompts.channel_names:
            raise ValueError(f"the last channels must be {', '.join(self.prompts.channel_names)}, as prompts says")
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the input channels, in order."""
        return tuple(self.channel_names[str(number)] for number in range(len(self.channel_names)))

    @property
    def image_channels(self) -> tuple[str, ...]:
        """Names of the input channels that hold images, in order: all of them, or those before the clicks'."""
        return self.channels[: len(self.channels) - len(self.prompts.channel_names)] if self.prompts else self.channels

    @field_validator("channel_names")
    @classmethod
    def _channels_are_counted(cls, names: dict[str, str]) -> dict[str, str]:
        if sorted(names) != sorted(map(str, range(len(names)))):
            raise ValueError(f"must count the channels from 0, but has {', '.join(sorted(names)) or 'none'}")
        return names

    @field_validator("labels")
    @classmethod
    def _labels_are_values(cls, labels: dict[str, int | tuple[int, ...]]) -> dict[str, int | tuple[int, ...]]:
        for name, value in labels.items():
            if not _as_tuple(value) or not all(0 <= each <= _HIGHEST_LABEL for each in _as_tuple(value)):
                raise ValueError(f"must be from 0 to {_HIGHEST_LABEL}, but {name} is {value}")
        return labels

    @field_validator("regions_class_order")
    @classmethod
    def _regions_are_values(cls, order: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if any(not 0 <= each <= _HIGHEST_LABEL for each in order or ()):
            raise ValueError(f"must be from 0 to {_HIGHEST_LABEL}, but is {order}")
        return order

    @model_validator(mode="after")
    def _regions_have_an_order(self) -> Dataset:
        if self.has_regions and len(self.regions_class_order or ()) != len(self._regions):
            raise ValueError("regions_class_order must have as many entries as there are regions")
        return self

    @property
    def has_regions(self) -> bool:
        """Whether any label is made of several values, so that structures may overlap."""
        return any(isinstance(value, tuple) and len(value) > 1 for value in self.labels.values())

    @property
    def output_values(self) -> tuple[int, ...]:
        """Value in the label map for each of the network's outputs.

        Without regions the largest output wins, the first one being background; with regions each output that is more
        likely than not sets its value, later ones over earlier ones.
        """
        if self.has_regions:
            return tuple(self.regions_class_order or ())
        flat = {value[0] if isinstance(value, tuple) else value for value in self._learnt}
        return tuple(range(len(flat)))

    @property
    def output_names(self) -> tuple[str, ...]:
        """Name of each of the network's outputs; without regions the first is that of the background."""
        if self.has_regions:
            regions = self._regions
            return tuple(name for name, value in self.labels.items() if name != "ignore" and value in regions)
        names = {_as_tuple(value)[0]: name for name, value in self.labels.items() if name != "ignore"}
        return tuple(names.get(value, str(value)) for value in self.output_values)

    @property
    def foreground_values(self) -> tuple[int, ...]:
        """Values of all labels but background, those of regions one by one: the channels of a cascade's second stage.

        Source: `LabelManager.foreground_labels` of nnU-Net.
        """
        return tuple(sorted({each for value in self._learnt for each in _as_tuple(value)} - {0}))

    @property
    def regions(self) -> tuple[int | tuple[int, ...], ...]:
        """Values of each region, in the order of the network's outputs; empty without regions."""
        return tuple(self._regions) if self.has_regions else ()

    @property
    def label_values(self) -> frozenset[int]:
        """Values of all labels, those that regions are made of too, without the ignored one."""
        return frozenset(value for given in self._learnt for value in _as_tuple(given))

    @property
    def _learnt(self) -> list[int | tuple[int, ...]]:
        return [value for name, value in self.labels.items() if name != "ignore"]

    @property
    def _regions(self) -> list[int | tuple[int, ...]]:
        return [value for value in self._learnt if value != 0 and set(_as_tuple(value)) != {0}]


def read_plans(folder: Path) -> Plans:
    """Read `plans.json`.

    Raises:
        ModelError: It is missing or damaged, or asks for something that this predictor can't follow exactly.
    """
    return _read(folder / PLANS_FILE, Plans)


def read_dataset(folder: Path) -> Dataset:
    """Read `dataset.json`.

    Raises:
        ModelError: It is missing or damaged.
    """
    return _read(folder / DATASET_FILE, Dataset)


def configuration_of(plans: Plans, name: str, path: Path) -> Configuration:
    """Return one configuration, with the values it inherits from others filled in.

    Args:
        plans: Plans, read from `path`.
        name: Name of the configuration, such as 3d_fullres.
        path: File of the plans, named in errors.

    Raises:
        ModelError: There is none of that name, or it asks for something that this predictor can't follow exactly.
    """
    chain: list[dict[str, Any]] = []
    ancestor: str | None = name
    while ancestor is not None:
        if ancestor not in plans.configurations or len(chain) > len(plans.configurations):
            raise ModelError(
                f"The configuration {name} must be described in {path}, but {ancestor} is not among"
                f" {', '.join(plans.configurations)}. Do the weights belong to other plans?"
            )
        chain.append(plans.configurations[ancestor])
        ancestor = chain[-1].get("inherits_from")
    values: dict[str, Any] = {}
    for given in reversed(chain):
        values |= given
    return _validated(Configuration, values | {"name": name}, path)


def read_json(path: Path) -> Any:
    """Read a JSON file of a model folder.

    Raises:
        ModelError: It is missing or no JSON.
    """
    try:
        return json.loads(read_bounded(path, most_mib=_MOST_MIB))
    except OSError as error:
        raise ModelError(
            f"A model folder must hold {path.name}, but {path} can't be read ({error.strerror})."
            " Was the result folder itself given, such as nnUNetTrainer__nnUNetPlans__3d_fullres?"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} must hold JSON, but it does not ({error}). Is the file damaged?") from error


def _read(path: Path, model: type[Model]) -> Model:
    return _validated(model, read_json(path), path)


def _validated(model: type[Model], values: Any, path: Path) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ModelError(
            f"{path} must be written by nnU-Net v2 with a planner whose steps are known here, but"
            f" {first_problem(error, model)}. Was a custom planner used, or is the file from another program?"
        ) from error


def _as_tuple(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)
