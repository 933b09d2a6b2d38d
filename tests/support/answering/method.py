"""Method of HNTS-MRG with answers: the stage in the record, T1 without one, and the segmented volume."""

import numpy as np
import SimpleITK as sitk

from containers.hnts_mrg.method import Settings, finish, prepare
from hnseg.imaging.geometry import Grid
from hnseg.platform.answers import Answers
from hnseg.platform.case import Case
from tests.support.answering.spec import RECORD, STAGE, VOLUME

__all__ = ["Settings", "answer", "finish", "prepare"]


def answer(label_map: sitk.Image, case: Case, settings: Settings) -> Answers:
    known = case.values.get(RECORD, {})
    notes = () if RECORD in case.values else (case.left_out.get(RECORD, "There is no health record."),)
    voxels = int(np.count_nonzero(sitk.GetArrayViewFromImage(label_map)))
    volume_mm3 = voxels * Grid.of(label_map).voxel_volume_mm3
    record = {"features": {"voxels": voxels, "margin": settings.gradient_map.test_margin_voxels}}
    return Answers({STAGE: known.get("stage", "T1"), VOLUME: volume_mm3}, notes, record)
