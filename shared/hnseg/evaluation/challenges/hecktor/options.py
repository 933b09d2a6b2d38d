"""Options of HECKTOR's score."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from hnseg.evaluation.options import ScoreOptions

LABELS = {"GTVp": 1, "GTVn": 2}


class Options(ScoreOptions):
    """Edition of HECKTOR, and the rules that its organisers left unpublished.

    The descriptions of the fields are the help text of `hnseg score`.
    """

    edition: Literal["2022", "2025", "2026"] = Field("2026", description="whose rules")
    both_empty: Literal["1", "skip", "0"] = Field(
        "1",
        description="the DSC of a structure that neither reference nor prediction has, or skip to leave the patient"
        " out of its mean (2025, 2026)",
    )
    connectivity: Literal["6", "18", "26"] = Field(
        "26", description="voxels of one lesion touch by faces, also edges, also corners (2025)"
    )
    matching: Literal["greedy", "any"] = Field(
        "greedy", description="lesions and predictions one to one by descending IoU, or whatever overlaps (2025)"
    )
    rfs_means: Literal["survival", "risk"] = Field(
        "survival", description="whether a higher predicted rfs is a longer survival or a higher risk (2026)"
    )
    clinical: Path | None = Field(
        None, description="the data set's CSV with PatientID, T-stage, N-stage, Relapse and RFS (2026)"
    )
