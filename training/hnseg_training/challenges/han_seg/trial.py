"""HaN-Seg as a trial knows it: the files of its set_1, and the presets."""

from __future__ import annotations

from containers.han_seg.spec import CT, SPEC, T1
from hnseg_training.trial.layout import Layout
from hnseg_training.trial.trial import Challenge

_PATIENT = r"(?P<patient>case_[^/]+)"

TRIAL = Challenge(
    name="han_seg",
    spec=SPEC,
    layout=Layout(
        images={CT: rf"{_PATIENT}/(?P=patient)_IMG_CT\.nrrd", T1: rf"{_PATIENT}/(?P=patient)_IMG_MR_T1\.nrrd"},
        required=(CT,),
        truths=rf"{_PATIENT}/(?P=patient)_OAR_(?P<structure>\w+)\.seg\.nrrd",
    ),
    preset="demo-han-seg",
)
