"""The study's published grades give the agreement and the shares that follow from them."""

import pytest

from hnseg.robustness.descriptors.published import published_compactness, published_entropy
from hnseg.robustness.grading.grades_csv import Grade
from hnseg.robustness.grading.summary import GradingSummary, summarise_grades
from hnseg.robustness.scores.record import BASELINE, Variant
from tests.support.published_robustness import FOLDER, STRUCTURES, rows_of
from tests.support.real_data import needs_real_data

pytestmark = needs_real_data("robustness_hecktor2022")

FILES = {"Metrics_x_Clinical.csv": BASELINE, "Metrics_x_Clinical_perturbed.csv": Variant("CT or PET", "any", 3)}


@pytest.fixture(scope="module")
def summary() -> GradingSummary:
    grades, dice = [], {}
    for name, variant in FILES.items():
        for row in rows_of(FOLDER / "Baseline" / name):
            case, structure = row["SUBJECT"], STRUCTURES[row["LABEL"]]
            dice[structure, (case, variant)] = float(row["DICE"])
            grades += [Grade(case, structure, variant, each, int(row[f"Likert {each}"])) for each in "12"]
    return summarise_grades(grades, {"dice": dice}, draws=100)


def test_quadratic_kappa(summary):
    for part, primary, nodal in ((summary.structures, 0.648, 0.612), (summary.perturbed, 0.824, 0.800)):
        assert part["GTVp"].quadratic_kappa["1 vs 2"] == pytest.approx(primary, abs=5e-4)
        assert part["GTVn"].quadratic_kappa["1 vs 2"] == pytest.approx(nodal, abs=5e-4)


def test_usable_shares(summary):
    primary, nodal = summary.structures["GTVp"], summary.structures["GTVn"]
    assert (primary.cases, nodal.cases) == (32, 32)
    assert list(primary.usable_share.values()) == pytest.approx([0.812, 0.781], abs=6e-4)
    assert list(nodal.usable_share.values()) == pytest.approx([0.781, 0.688], abs=6e-4)
    assert (primary.mean_usable_share, nodal.mean_usable_share) == pytest.approx((0.797, 0.734), abs=5e-4)
    perturbed = [summary.perturbed[name].mean_usable_share for name in ("GTVp", "GTVn")]
    assert perturbed == pytest.approx([0.778, 0.278], abs=5e-4)


def test_correlations_of_grades_with_dice(summary):
    primary, nodal = (summary.structures[name].measures["dice"] for name in ("GTVp", "GTVn"))
    assert (primary["1"].pearson.r, nodal["1"].pearson.r) == pytest.approx((0.665, 0.518), abs=5e-4)
    assert (primary["1"].spearman.r, nodal["1"].spearman.r) == pytest.approx((0.578, 0.525), abs=5e-4)
    assert (primary["2"].spearman.r, nodal["2"].spearman.r) == pytest.approx((0.746, 0.629), abs=5e-4)


def test_published_descriptors_follow_from_volume_and_surface():
    voxels = {
        (row["SUBJECT"], row["LABEL"]): sum(int(row[name]) for name in ("TN", "TP", "FN", "FP"))
        for row in rows_of(FOLDER / "Baseline" / "results_pymia.csv")
    }
    checked = 0
    for at, row in enumerate(rows_of(FOLDER / "Baseline" / "results_add.csv", ",")):
        if row["Regions"] != "1.0":
            continue
        volume, surface = float(row["Volume"]), float(row["Surface Area"])
        compactness = published_compactness(surface=surface, volume=volume)
        assert compactness == pytest.approx(float(row["Compactness"]), rel=1e-9)
        entropy = published_entropy(voxels=int(volume), of=voxels[row["File Name"], ("Nodal", "Primary")[at % 2]])
        assert entropy == pytest.approx(float(row["Entropy"]), rel=1e-6)
        checked += 1
    assert checked > 40
