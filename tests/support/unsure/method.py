"""Method of HNTS-MRG whose network gets a box of the image: a voxel less on every side."""

from typing import Any

import numpy as np
import SimpleITK as sitk

from containers.hnts_mrg import method
from containers.hnts_mrg.method import Settings
from hnseg.imaging.box import Box, put_back
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.platform.case import Case

__all__ = ["Settings", "finish", "prepare"]


def prepare(case: Case, settings: Any) -> Channels:
    whole = method.prepare(case, settings)
    x, y, z = whole.grid.size_xyz
    box = Box((1, 1, 1), (x - 2, y - 2, z - 2))
    array = np.ascontiguousarray(whole.array[(slice(None), *box.slices)])
    return Channels(array, box.grid_in(whole.grid), whole.notes, whole.record)


def finish(label_map: sitk.Image, case: Case, settings: Any) -> sitk.Image:
    return method.finish(put_back(label_map, Grid.of(case.reference)), case, settings)
