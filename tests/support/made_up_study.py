"""Made-up scores of a study: two structures, two kinds of perturbation at two severities, on two images."""

import numpy as np

from hnseg.robustness.scores.record import BASELINE, ScoreRecord, Variant

KINDS = ("spike", "blur")
SEVERITIES = (1, 2)
MODALITIES = ("CT", "PET")
STRUCTURES = ("GTVp", "GTVn")


def made_up_study(*, cases: int = 12, seed: int = 0) -> list[ScoreRecord]:
    """Return scores: a spike costs 0.25 a severity, all at severity 2 on CT; blur next to nothing.

    Case 0 has no GTVn.
    """
    rng = np.random.default_rng(seed)
    records = []
    for case in range(cases):
        for structure in STRUCTURES:
            is_empty = case == 0 and structure == "GTVn"
            volume_mm3 = 0.0 if is_empty else 1000.0 + 500 * case
            dice = float("nan") if is_empty else float(rng.uniform(0.6, 0.9))
            records += [
                ScoreRecord(
                    f"case_{case:02d}",
                    structure,
                    variant,
                    float("nan") if is_empty else _lost(dice, variant, rng),
                    volume_mm3,
                    {"hd95_mm": float("inf") if is_empty else 4.0 + variant.severity},
                    {"volume": volume_mm3 or float("nan"), "contrast": dice},
                )
                for variant in (BASELINE, *variants())
            ]
    return records


def variants() -> list[Variant]:
    return [Variant(*each) for each in ((m, k, s) for k in KINDS for s in SEVERITIES for m in MODALITIES)]


def _lost(dice: float, variant: Variant, rng: np.random.Generator) -> float:
    if variant.is_baseline:
        return dice
    if variant.kind == "spike":
        return (
            0.0 if variant == Variant("CT", "spike", 2) else dice - 0.25 * variant.severity + float(rng.normal(0, 0.01))
        )
    return dice + float(rng.normal(0, 0.002))
