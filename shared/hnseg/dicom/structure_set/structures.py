"""Structures of a structure set, as contours in the patient's coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
EXCLUSIVE = "CLOSEDPLANAR_XOR"
"""Geometric type of contours whose pixels are combined by exclusive or."""
CLOSED = ("CLOSED_PLANAR", EXCLUSIVE)
"""Geometric types of contours that enclose something."""


@dataclass(frozen=True)
class Contour:
    """Contour of a structure in one plane.

    Attributes:
        geometric_type: DICOM's word for it, such as CLOSED_PLANAR.
        points_mm: Its vertices, LPS, shape (n, 3).
    """

    geometric_type: str
    points_mm: Points


@dataclass(frozen=True)
class Structure:
    """Structure of a structure set.

    Attributes:
        number: Its ROI number.
        name: Its name.
        frame_of_reference_uid: Identifier of the coordinates; empty where the file does not say.
        contours: Its contours; none for a structure that was named and not drawn.
    """

    number: int
    name: str
    frame_of_reference_uid: str
    contours: tuple[Contour, ...]

    @property
    def is_drawn(self) -> bool:
        """Whether it has a contour that encloses something."""
        return any(contour.geometric_type in CLOSED for contour in self.contours)


@dataclass(frozen=True)
class StructureSet:
    """Structure set.

    Attributes:
        series_uids: Identifiers of the series that it refers to.
        structures: Its structures by their numbers.
    """

    series_uids: tuple[str, ...]
    structures: tuple[Structure, ...]
