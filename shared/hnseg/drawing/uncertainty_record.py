"""Uncertainty of structures that a case's provenance records, checked."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hnseg.records import Text

_Amount = Annotated[float, Field(ge=0, le=1e9)]


class StructureRecord(BaseModel):
    """Part of a structure's uncertainty that is shown; see `hnseg.inference.labelling.structure_table`."""

    model_config = ConfigDict(frozen=True)

    volume_ml: _Amount
    volume_p5_ml: _Amount
    volume_p95_ml: _Amount
    dice_between_members: _Amount | None = None
    mean_entropy: _Amount | None = None
    look_at_this: bool
    because: tuple[Text, ...] = ()


class UncertaintyRecord(BaseModel):
    """Part of the provenance's key `uncertainty` that is shown."""

    model_config = ConfigDict(frozen=True)

    members: Annotated[int, Field(ge=1, le=10**6)]
    structures: Annotated[dict[Text, StructureRecord], Field(max_length=300)]


def uncertainty_in(provenance: dict[str, Any] | None) -> UncertaintyRecord | None:
    """Return the record of the uncertainty; None without one, or where it is not as the core writes it."""
    try:
        return UncertaintyRecord.model_validate((provenance or {}).get("uncertainty"))
    except ValidationError:  # the provenance of an image of other origin may use the word for anything
        return None
