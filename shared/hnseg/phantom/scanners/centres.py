"""Hospitals of a multi-centre PET/CT data set, with the properties of their scanners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hnseg.phantom.scanners.pet import Scanner


@dataclass(frozen=True)
class Centre:
    """Hospital with its scanners.

    Attributes:
        name: Name in the names of patients.
        number: Number in the health record.
        patients: Number of its patients in the data set.
        pet: Average PET scanner.
        grain_hu: Noise of its CTs, standard deviation in addition to a planning CT's, since a PET's CT has less dose.
        enhanced: Fraction of its CTs with contrast medium.
    """

    name: str
    number: int
    patients: int
    pet: Scanner
    grain_hu: float
    enhanced: float

    def scanner_of(self, rng: np.random.Generator) -> Scanner:
        """Draw the scanner of one patient's PET: activity and time vary between patients."""
        return Scanner(
            self.pet.fwhm_mm * float(rng.uniform(0.95, 1.05)),
            self.pet.noise * float(rng.uniform(0.8, 1.25)),
            self.pet.step_suv,
        )


CENTRES: tuple[Centre, ...] = (
    Centre("CHUM", 1, 56, Scanner(5.6, 0.13), 9.0, 0.1),
    Centre("CHUP", 2, 72, Scanner(6.2, 0.11), 7.0, 0.3),
    Centre("CHUS", 3, 72, Scanner(6.6, 0.14), 10.0, 0.1),
    Centre("CHUV", 4, 53, Scanner(5.4, 0.10), 6.0, 0.5),
    Centre("HGJ", 5, 55, Scanner(6.8, 0.16), 11.0, 0.05),
    Centre("HMR", 6, 18, Scanner(7.0, 0.18), 12.0, 0.0),
    Centre("MDA", 7, 444, Scanner(5.8, 0.12), 8.0, 0.4),
    Centre("USZ", 8, 11, Scanner(5.0, 0.09), 5.0, 0.6),
)
"""Hospitals of HECKTOR, with numbers of patients as in the release of 2026; the scanners are invented.

Numbers: the challenge's page on its data, read 2026-11-28; 781 patients with masks.
"""


def draw_centre(rng: np.random.Generator) -> Centre:
    """Draw a hospital, with a chance by the square root of its number of patients."""
    chances = np.sqrt([centre.patients for centre in CENTRES])
    return CENTRES[rng.choice(len(CENTRES), p=chances / chances.sum())]
