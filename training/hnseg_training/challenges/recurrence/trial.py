"""Recurrence volumes as a trial knows them: the files of a patient's folder, and the presets."""

from __future__ import annotations

from containers.recurrence.spec import BRAIN, CT, GTV, LABELS, PET, SPEC
from hnseg_training.trial.layout import Layout
from hnseg_training.trial.trial import Challenge

_SUFFIX = r"\.(?:nii\.gz|nii|nrrd|mha|mhd)"


def _file(stem: str) -> str:
    return rf"(?P<patient>[^/]+)/{stem}{_SUFFIX}"


TRIAL = Challenge(
    name="recurrence",
    spec=SPEC,
    layout=Layout(
        images={CT: _file("ct"), PET: _file("pet"), GTV: _file("gtv"), BRAIN: _file("brain")},
        required=(CT, PET, GTV),
        truths=_file(r"recurrence(?:_[1-9]\d*)?"),
        structure=LABELS[1],
    ),
    preset="demo-recurrence",
    full_preset="recurrence",
)
