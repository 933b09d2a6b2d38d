"""Resampling of a label map to the network's grid, as nnU-Net's plans describe it (`resampling_fn_seg`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from hnseg.inference.model.nnunet_resampling import described
from hnseg.records import Frozen


class LabelSpline(Frozen):
    """Resampling by default in nnU-Net: the label of the largest indicator, each interpolated linearly by scipy."""

    is_seg: Literal[True] = True
    order: Literal[1]
    order_z: Literal[0] = 0
    force_separate_z: bool | None = False
    """Whether the axis of largest spacing is resampled apart; None decides by the spacing."""
    separate_z_anisotropy_threshold: float = 3.0
    """Ratio of the largest to the smallest spacing above which it is."""


class LabelTorch(Frozen):
    """Resampling of nnU-Net's faster planners: the same by torch, with indicators in half precision."""

    is_seg: Literal[True] = True
    force_separate_z: bool | None = None
    separate_z_anisotropy_threshold: float = 3.0
    mode: Literal["linear"] = "linear"
    aniso_axis_mode: Literal["nearest-exact"] = "nearest-exact"
    memefficient_seg_resampling: Literal[False] = False
    num_threads: int = 4


LabelResampling = LabelSpline | LabelTorch
_RESAMPLING: dict[str, type[LabelResampling]] = {
    "resample_data_or_seg_to_shape": LabelSpline,
    "resample_torch_fornnunet": LabelTorch,
}


def label_resampling_of(configuration: Mapping[str, Any]) -> LabelResampling | None:
    """Return the resampling of a cascade's label map; None for a configuration that gets none.

    Args:
        configuration: Values of one configuration of the plans.

    Raises:
        ValueError: It is not one of the two that are known.
    """
    if not configuration.get("previous_stage"):
        return None
    return described(configuration, "seg", _RESAMPLING)
