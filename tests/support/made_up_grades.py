"""Made-up grades: two observers and a third who grades less, of eight cases, two of them also perturbed."""

from pathlib import Path

from hnseg.robustness.grading.grades_csv import Grade
from hnseg.robustness.scores.record import BASELINE, Variant

SPIKE = Variant("CT", "spike", 2)
GRADES = {"A": (5, 4, 4, 3, 2, 1, 3, 5), "B": (4, 4, 3, 3, 2, 2, 4, 5), "C": (5, 5)}


def made_up_grades() -> list[Grade]:
    """Return the grades of GTVp; A gives both perturbed cases a 1, B a 1 and a 2."""
    grades = [
        Grade(f"case_{at}", "GTVp", BASELINE, name, one)
        for name, all_of in GRADES.items()
        for at, one in enumerate(all_of)
    ]
    perturbed = {"A": (1, 1), "B": (1, 2)}
    return grades + [
        Grade(f"case_{at}", "GTVp", SPIKE, name, one) for name, both in perturbed.items() for at, one in enumerate(both)
    ]


def write_grades(path: Path) -> Path:
    """Write the grades as a file, and return its path."""
    lines = ["case,structure,observer,grade,modality,kind,severity"]
    for one in made_up_grades():
        variant = f"{one.variant.modality},{one.variant.kind},{one.variant.severity}"
        lines.append(f"{one.case},{one.structure},{one.observer},{one.grade},{variant}")
    path.write_text("\n".join(lines) + "\n")
    return path
