"""Record of a simulation: the clicks, in the form in which a container reads them, and the measures after each.

`clicks.json` and `each_lesion.json` of a case. Points are in mm (LPS), in the order in which they were made. The first
step is the label map without clicks; after it there is one for each point.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError
from hnseg.evaluation.clicks.simulated_user import Rule
from hnseg.evaluation.measures.comparison import is_in_reference
from hnseg.evaluation.report import Metrics
from hnseg.records import Frozen, first_problem

CLICKS_FILE, EACH_LESION_FILE = "clicks.json", "each_lesion.json"
"""Names of a case's records: of clicks on errors, and of one click in each lesion."""


class Point(Frozen):
    """Click in the platform's form."""

    name: str
    """Structure, or `not` and the structure."""
    point: tuple[float, float, float]
    """Place in the patient, LPS in mm, (x, y, z)."""


class Step(Frozen):
    """Label map after a click, or before all clicks."""

    structures: dict[str, Metrics]
    """Measures of each structure, see `hnseg.evaluation.measures.comparison.compare_structure`."""
    wrong_ml: float
    """Volume that is labelled otherwise than in the reference."""
    does_harm: bool = False
    """Whether that volume is larger than at the step before."""
    changed_voxels: int = 0
    """Number of voxels whose label the click changed."""
    held_back_ml: float = 0.0
    """Volume that the guard kept from changing."""
    seconds: float = 0.0
    """Seconds from the click to the label map; of the first step, to the label map without clicks."""

    def is_found(self, name: str) -> bool:
        """Return whether a structure is in the reference or in the label map."""
        return self.structures[name]["dsc"] is not None

    def is_in_reference(self, name: str) -> bool:
        """Return whether a structure is in the reference."""
        return is_in_reference(self.structures[name])


class UserFacts(Frozen):
    """How the clicks of a simulation were chosen, and what they could change."""

    protocol: Literal["errors", "each-lesion"]
    """Clicks on errors, or one in each lesion of the reference."""
    rule: Rule
    most_clicks: int
    most_per_structure: int | None
    radius_mm: float
    has_guard: bool


class Simulation(Frozen):
    """Clicks on one case, how they were chosen, and the measures after each."""

    points: tuple[Point, ...]
    type: Literal["Multiple points"] = "Multiple points"
    version: dict[str, int] = Field(default={"major": 1, "minor": 0})
    unit: Literal["mm"] = "mm"
    user: UserFacts
    steps: tuple[Step, ...] = Field(min_length=1)


def read_simulation(path: Path) -> Simulation:
    """Read the record of a simulation.

    Raises:
        InputError: The file can't be read, or is no such record.
    """
    try:
        return Simulation.model_validate_json(read_bounded(path))
    except OSError as error:
        raise InputError(f"The record of a simulation must be readable, but {path} is not: {error}.") from error
    except ValidationError as error:
        raise InputError(
            f"The record of a simulation must be as hnseg simulate-clicks writes it, but in {path}"
            f" {first_problem(error)}. Was it edited, or written by another version?"
        ) from error
