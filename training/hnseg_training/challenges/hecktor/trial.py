"""HECKTOR as a trial knows it: the files of its training data of any edition, and the presets."""

from __future__ import annotations

from containers.hecktor.spec import CT, EDITIONS, PET
from hnseg_training.trial.pet_ct_layout import pet_ct_layout
from hnseg_training.trial.trial import Challenge

TRIAL = Challenge(
    name="hecktor",
    spec=EDITIONS["2025"],  # that of 2026 asks for stages, whose models five patients are too few to fit
    layout=pet_ct_layout(ct=CT, pet=PET),
    preset="demo-hecktor",
    convert_options=("--settings", "winner"),
    full_preset="hecktor-winner",
    rehearse_options=("--edition", "2025"),
    further=(("outcomes", "--work", "work"),),
)
