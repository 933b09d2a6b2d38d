"""HN-UISeg as a trial knows it: the files of PET/CT patients, and the presets."""

from __future__ import annotations

from containers.hn_uiseg.spec import CT, PET, SPEC
from hnseg_training.trial.pet_ct_layout import pet_ct_layout
from hnseg_training.trial.trial import Challenge

TRIAL = Challenge(
    name="hn_uiseg",
    spec=SPEC,
    layout=pet_ct_layout(ct=CT, pet=PET),
    preset="demo-hn-uiseg",
    convert_options=("--settings", "crop"),
    full_preset="hn-uiseg",
)
