"""Record of a bundle's graphs in its manifest."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hnseg.records import Frozen


class Graphs(Frozen):
    """Networks of any architecture, each fold a graph of ONNX with its weights.

    The plans of such a bundle say how images are prepared and how large a patch is; their network is another.
    """

    kind: Literal["graph"] = "graph"
    """Kind of architecture; there is one so far beside that of the plans."""
    trainer: str = Field(min_length=1)
    """Name of the class that trained the folds and built the network, such as nnUNet_Primus_S_Trainer."""
    patch_size: tuple[int, ...] = Field(min_length=2, max_length=3)
    """Size in voxels of the patch that the graphs take, one at a time; that of the plans."""
    opset: int = Field(ge=1)
    """Version of ONNX's set of operators."""
    pass_gib: float = Field(gt=0)
    """Memory that a pass took at export, beside the weights."""
