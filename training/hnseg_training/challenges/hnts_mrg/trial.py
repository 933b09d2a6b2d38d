"""HNTS-MRG as a trial knows it: the files of HNTSMRG24_train, and the presets."""

from __future__ import annotations

from containers.hnts_mrg.spec import MID_T2W, PRE_MASK, PRE_T2W, REGISTERED_MASK, REGISTERED_T2W, SPEC
from hnseg_training.trial.layout import Layout
from hnseg_training.trial.trial import Challenge

_PATIENT = r"(?P<patient>\d+)"

TRIAL = Challenge(
    name="hnts_mrg",
    spec=SPEC,
    layout=Layout(
        images={
            MID_T2W: rf"{_PATIENT}/midRT/\d+_midRT_T2\.nii\.gz",
            REGISTERED_MASK: rf"{_PATIENT}/midRT/\d+_preRT_mask_registered\.nii\.gz",
            REGISTERED_T2W: rf"{_PATIENT}/midRT/\d+_preRT_T2_registered\.nii\.gz",
            PRE_T2W: rf"{_PATIENT}/preRT/\d+_preRT_T2\.nii\.gz",
            PRE_MASK: rf"{_PATIENT}/preRT/\d+_preRT_mask\.nii\.gz",
        },
        required=(MID_T2W, REGISTERED_MASK, PRE_T2W, PRE_MASK),
        truths=rf"{_PATIENT}/midRT/\d+_midRT_mask\.nii\.gz",
    ),
    preset="demo",
)
