"""Answers of HECKTOR beside the label map: T stage, N stage and relapse-free survival, and where they come from."""

from __future__ import annotations

from math import isfinite
from typing import Literal

import SimpleITK as sitk

from containers.hecktor.ehr import Ehr, read_ehr
from containers.hecktor.features import IMAGE_FEATURES, features_of
from containers.hecktor.outcomes import Outcomes
from containers.hecktor.spec import EHR, N_STAGE, RFS, T_STAGE
from hnseg.imaging.body import CoarseCt
from hnseg.imaging.pet_ct.judged_pet import JudgedPet
from hnseg.platform.answers import Answers
from hnseg.platform.case import Case


def answers_of(
    label_map: sitk.Image,
    coarse: CoarseCt,
    judged: JudgedPet,
    case: Case,
    outcomes: Outcomes,
    *,
    rfs_means: Literal["survival", "risk"],
) -> Answers:
    """Return T stage, N stage and relapse-free survival of a case.

    Args:
        label_map: Label map on the CT's grid; may be empty.
        coarse: Coarse copy of the CT.
        judged: PET, if it can be used.
        case: Case, for its health record.
        outcomes: Models of the outcomes.
        rfs_means: Meaning of a larger number of the survival: a later relapse, in days, or a higher risk.

    Returns:
        The answers, with a note on each gap, and the features of the images that they rest on in the record.
    """
    ehr, notes = _ehr(case)
    features = features_of(label_map, judged.pet, ehr, coarse=coarse)
    imputed = [name for name in outcomes.imputed(features) if name in IMAGE_FEATURES]
    if imputed:
        notes += (f"For stage and survival the training mean stands in for {', '.join(imputed)}.",)
    risk, days = outcomes.rfs.risk(features), outcomes.rfs.survival_days(features)
    return Answers(
        values={
            T_STAGE: outcomes.t_stage.level(features),
            N_STAGE: outcomes.n_stage.level(features),
            RFS: days if rfs_means == "survival" else risk,
        },
        notes=notes,
        record={
            "outcomes": {
                # Only features of the images: the record's fields stay out of the log.
                "features": {name: features[name] if isfinite(features[name]) else None for name in IMAGE_FEATURES},
                "t_stage_probabilities": outcomes.t_stage.by_level(features),
                "n_stage_probabilities": outcomes.n_stage.by_level(features),
                "rfs_risk": risk,
                "rfs_days": days,
                "fitted_on": outcomes.fitted_on,
            }
        },
    )


def uptake_in_words(judged: JudgedPet) -> tuple[str, ...]:
    """Return the notes on a PET that is read for the outcomes alone; none where there is none."""
    if judged.pet is None and judged.record:
        return (f"The PET is not used for stage and survival: {judged.left_out}",)
    return judged.notes


def _ehr(case: Case) -> tuple[Ehr, tuple[str, ...]]:
    """Return the patient's health record, and a sentence for each gap in it."""
    if EHR in case.left_out:
        return Ehr(), (f"Nothing is known of the patient beside the images: {case.left_out[EHR]}",)
    if EHR not in case.values:
        return Ehr(), ("Nothing is known of the patient beside the images: there is no electronic health record.",)
    return read_ehr(case.values[EHR])
