"""Figure of a registration: the provenance's record of it, checked, with a checkerboard and a caption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import SimpleITK as sitk
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hnseg.drawing.checkerboard import draw_checkerboard
from hnseg.imaging.files.reading import read_volume
from hnseg.platform.spec import ChallengeSpec

SMALLEST_DETERMINANT = 1e-3
"""Determinant below which a matrix counts as one that can't be inverted; that of a rotation is 1."""

_Factor = Annotated[float, Field(ge=-100, le=100)]
_Millimetres = Annotated[float, Field(ge=-1e5, le=1e5)]
Row = tuple[_Factor, _Factor, _Factor]
Vector = tuple[_Millimetres, _Millimetres, _Millimetres]


class RegistrationRecord(BaseModel):
    """Part of the provenance's key `registration` that is shown; see hnseg.imaging.registration.record."""

    model_config = ConfigDict(frozen=True)

    fixed: str
    moving: str
    status: str
    reason: str = ""
    seconds: Annotated[float, Field(ge=0, le=1e6)]
    matrix: tuple[Row, Row, Row]
    offset_mm: Vector

    @model_validator(mode="after")
    def _can_be_inverted(self) -> RegistrationRecord:
        if not abs(np.linalg.det(self.matrix)) > SMALLEST_DETERMINANT:
            raise ValueError("the matrix must be one that can be inverted")
        return self

    @property
    def is_used(self) -> bool:
        """Whether the registration was accepted, so that the moving image was used."""
        return self.status == "registered"

    @property
    def transform(self) -> sitk.AffineTransform:
        """Transform of fixed points to moving points, LPS in mm."""
        return sitk.AffineTransform([value for row in self.matrix for value in row], self.offset_mm)


@dataclass(frozen=True)
class RegistrationFigure:
    """Figure of a registration.

    Attributes:
        is_used: Whether the moving image was used.
        caption: Sentence on the images and on the outcome.
        png: Checkerboard as a PNG; empty where there is none.
    """

    is_used: bool
    caption: str
    png: bytes


def record_in(provenance: dict[str, Any] | None) -> RegistrationRecord | None:
    """Return the record of a registration; None without one, or where it is not as the core writes it."""
    try:
        return RegistrationRecord.model_validate((provenance or {}).get("registration"))
    except ValidationError:  # the provenance of an image of other origin may use the word for anything
        return None


def draw_registration(
    spec: ChallengeSpec, images: Mapping[str, Path], record: RegistrationRecord
) -> RegistrationFigure | None:
    """Draw a registration, unless none was attempted, and write its caption.

    Args:
        spec: Challenge whose sockets the record names.
        images: Files of the case's images, by the slug of their socket.
        record: Record of the container's registration.

    Returns:
        The figure; None where the record names other sockets than the challenge's.
    """
    sockets = {socket.slug: socket for socket in spec.inputs}
    if not {record.fixed, record.moving} <= set(sockets):
        return None
    fixed, moving = (sockets[slug] for slug in (record.fixed, record.moving))
    png = b""
    files = [images.get(socket.slug) for socket in (fixed, moving)]
    if record.status != "not_attempted" and all(files):
        pair = zip((fixed, moving), files, strict=True)
        fixed_image, moving_image = (read_volume(path, title=socket.title) for socket, path in pair if path)
        png = draw_checkerboard(fixed_image, moving_image, record.transform)
    caption = _caption(record, fixed.title, moving.title, is_drawn=bool(png))
    return RegistrationFigure(record.is_used, caption, png)


def _caption(record: RegistrationRecord, fixed: str, moving: str, *, is_drawn: bool) -> str:
    """Return the sentence below a registration's figure; `fixed` and `moving` are the images' titles."""
    colours = f"{fixed} grey, {moving} amber" if is_drawn else ""
    if record.is_used:
        return f"{moving} laid on the {fixed} in {record.seconds:.1f} s: {colours}."
    refused = f" The best that was found: {colours}." if is_drawn else ""
    return f"{moving} not used, because {record.reason}.{refused}"
