"""The hospitals of a multi-centre PET/CT set and how their scanners differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hnseg.phantom.scanners.pet import Scanner


@dataclass(frozen=True)
class Centre:
    """A hospital.

    Attributes:
        name: As it stands in patients' names.
        number: As it stands in the health record.
        patients: How many it gives to the set.
        pet: How its PET scanners see on average.
        grain_hu: Noise that its CTs have on top of a planning CT's: those for a PET are made with less dose.
        enhanced: How many of its CTs are made with contrast medium, as a fraction.
    """

    name: str
    number: int
    patients: int
    pet: Scanner
    grain_hu: float
    enhanced: float

    def scanner_of(self, rng: np.random.Generator) -> Scanner:
        """Draw how a patient's PET was made: some patients get more activity or more time than others."""
        return Scanner(
            self.pet.fwhm_mm * float(rng.uniform(0.95, 1.05)),
            self.pet.noise * float(rng.uniform(0.8, 1.25)),
            self.pet.step_suv,
        )


# Patients as in the release of 2026; how the scanners see is made up.
CENTRES: tuple[Centre, ...] = (
    Centre("CHUM", 1, 56, Scanner(5.6, 0.13), 9.0, 0.1),
    Centre("CHUP", 2, 75, Scanner(6.2, 0.11), 7.0, 0.3),
    Centre("CHUS", 3, 72, Scanner(6.6, 0.14), 10.0, 0.1),
    Centre("CHUV", 4, 51, Scanner(5.4, 0.10), 6.0, 0.5),
    Centre("HGJ", 5, 55, Scanner(6.8, 0.16), 11.0, 0.05),
    Centre("HMR", 6, 18, Scanner(7.0, 0.18), 12.0, 0.0),
    Centre("MDA", 7, 444, Scanner(5.8, 0.12), 8.0, 0.4),
    Centre("USZ", 8, 11, Scanner(5.0, 0.09), 5.0, 0.6),
)


def draw_centre(rng: np.random.Generator) -> Centre:
    """Draw a hospital; large ones come more often, but small ones more often than their patients would make them."""
    chances = np.sqrt([centre.patients for centre in CENTRES])
    return CENTRES[rng.choice(len(CENTRES), p=chances / chances.sum())]
