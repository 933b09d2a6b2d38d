"""Resampling that nnU-Net's plans ask for, of images and of logits, as typed, checked values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from hnseg.records import Frozen

SplineOrder = Literal[0, 1, 2, 3, 4, 5]


class Spline(Frozen):
    """Resampling by default in nnU-Net: splines of scipy, with the axis of thick slices apart."""

    is_seg: Literal[False] = False
    order: SplineOrder = 3
    order_z: Literal[0] = 0
    force_separate_z: bool | None = False
    """Whether the axis of largest spacing is resampled apart; None decides by the spacing."""
    separate_z_anisotropy_threshold: float = 3.0
    """Ratio of the largest to the smallest spacing above which it is."""

    @property
    def is_gradual(self) -> bool:
        """Whether a plane needs its neighbours alone; a spline of a higher order needs all planes."""
        return self.order <= 1


class TorchLinear(Frozen):
    """Resampling of nnU-Net's faster planners: torch's linear one, nearest along the axis of thick slices."""

    is_seg: Literal[False] = False
    force_separate_z: bool | None = None
    separate_z_anisotropy_threshold: float = 3.0
    mode: Literal["linear"] = "linear"
    aniso_axis_mode: Literal["nearest-exact"] = "nearest-exact"
    memefficient_seg_resampling: bool = False
    num_threads: int = 4

    @property
    def is_gradual(self) -> bool:
        """Whether a plane needs its neighbours alone, which it does."""
        return True


class NoResampling(Frozen):
    """Resampling of nnU-Net's planners for images of one spacing: none, whatever the spacing of an image."""

    @property
    def is_gradual(self) -> bool:
        """Whether a plane needs its neighbours alone; it needs itself alone."""
        return True


Resampling = Spline | TorchLinear | NoResampling
Described = TypeVar("Described", bound=Frozen)
_BY_NAME: dict[str, type[Resampling]] = {
    "resample_data_or_seg_to_shape": Spline,
    "resample_torch_fornnunet": TorchLinear,
    "no_resampling_hack": NoResampling,
}


def resampling_of(configuration: Mapping[str, Any], key: Literal["data", "probabilities"]) -> Resampling:
    """Return the resampling of images (`data`) or of logits (`probabilities`).

    Args:
        configuration: Values of one configuration of the plans.
        key: End of the names of its entries.

    Raises:
        ValueError: It is unknown, or asks for something that is not followed here.
    """
    return described(configuration, key, _BY_NAME)


def described(configuration: Mapping[str, Any], key: str, by_name: Mapping[str, type[Described]]) -> Described:
    """Return the resampling that a configuration names, with its arguments.

    Args:
        configuration: Values of one configuration of the plans.
        key: End of the names of its entries, such as `data`.
        by_name: Records of arguments by the name of nnU-Net's function.

    Raises:
        ValueError: It is none of these, or its arguments are not theirs.
    """
    name = configuration.get(f"resampling_fn_{key}")
    if not isinstance(name, str) or name not in by_name:
        raise ValueError(f"resampling_fn_{key} must be one of {', '.join(by_name)}, found {name}")
    return by_name[name].model_validate(configuration.get(f"resampling_fn_{key}_kwargs", {}))
