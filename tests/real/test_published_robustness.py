"""The study's published scores give the table, the figures and the correlations that follow from them."""

import pytest

from hnseg.robustness.results.summary import RobustnessSummary, summarise
from hnseg.robustness.scores.scores_csv import as_csv, read_scores
from tests.support.published_robustness import published_records
from tests.support.real_data import needs_real_data

pytestmark = needs_real_data("robustness_hecktor2022")

# Recomputed by an independent program from the published scores: kind, severity, then for CT GTVp, CT GTVn, PET GTVp
# and PET GTVn the median loss over all cases / over those with a reference / complete failures, and the stars.
TABLE = """
spike | 1 | 0.532 / 0.555 / 24 *** | 0.568 / 0.628 / 34 *** | 0.018 / 0.023 / 6 *** | 0.031 / 0.063 / 12 ***
spike | 2 | 0.766 / 0.791 / 47 *** | 0.665 / 0.701 / 45 *** | 0.766 / 0.791 / 46 *** | 0.665 / 0.701 / 45 ***
spike | 3 | 0.766 / 0.791 / 47 *** | 0.665 / 0.701 / 45 *** | 0.766 / 0.791 / 47 *** | 0.665 / 0.701 / 45 ***
noise | 1 | 0.002 / 0.003 / 2 ** | 0.011 / 0.014 / 5 *** | 0.001 / 0.001 / 1 * | 0.002 / 0.004 / 2 *
noise | 2 | 0.247 / 0.272 / 16 *** | 0.431 / 0.506 / 24 *** | 0.127 / 0.132 / 5 *** | 0.141 / 0.281 / 21 ***
noise | 3 | 0.684 / 0.716 / 32 *** | 0.631 / 0.659 / 37 *** | 0.663 / 0.700 / 32 *** | 0.541 / 0.598 / 35 ***
bias | 1 | 0.099 / 0.126 / 11 *** | 0.097 / 0.112 / 14 *** | 0.083 / 0.091 / 0 *** | 0.002 / 0.006 / 3 *
bias | 2 | 0.376 / 0.436 / 17 *** | 0.366 / 0.408 / 21 *** | 0.281 / 0.297 / 2 *** | 0.031 / 0.043 / 5 ***
bias | 3 | 0.607 / 0.626 / 22 *** | 0.248 / 0.273 / 21 *** | 0.520 / 0.556 / 2 *** | 0.115 / 0.133 / 2 ***
blur | 1 | 0.000 / 0.000 / 1 ns | 0.000 / 0.000 / 2 ns | 0.000 / 0.001 / 1 ns | 0.000 / 0.000 / 2 ns
blur | 2 | 0.002 / 0.003 / 1 ns | 0.000 / 0.001 / 2 ns | 0.010 / 0.013 / 1 ns | 0.001 / 0.006 / 3 ns
blur | 3 | 0.006 / 0.006 / 1 * | 0.001 / 0.002 / 2 ns | 0.024 / 0.029 / 1 * | 0.018 / 0.031 / 3 **
ghost | 1 | 0.006 / 0.006 / 1 ** | 0.002 / 0.002 / 2 * | 0.005 / 0.005 / 1 ** | 0.000 / 0.004 / 1 ns
ghost | 2 | 0.000 / 0.001 / 1 ns | 0.000 / 0.000 / 2 ns | 0.005 / 0.007 / 1 ** | 0.000 / 0.001 / 3 ns
ghost | 3 | 0.001 / 0.001 / 1 ns | 0.001 / 0.001 / 2 ns | 0.007 / 0.007 / 1 ** | 0.000 / 0.003 / 3 ns
motion | 1 | 0.000 / 0.000 / 1 ns | 0.000 / 0.000 / 2 ns | -0.000 / -0.000 / 1 ns | 0.000 / 0.000 / 2 ns
motion | 2 | 0.003 / 0.003 / 1 *** | 0.000 / 0.001 / 2 * | 0.009 / 0.011 / 2 * | 0.001 / 0.001 / 4 ns
motion | 3 | 0.001 / 0.001 / 1 ns | 0.000 / 0.000 / 2 ns | 0.000 / 0.000 / 1 ns | 0.000 / -0.000 / 2 ns
"""


@pytest.fixture(scope="module")
def summary() -> RobustnessSummary:
    return summarise(published_records())


def expected_cells():
    for line in TABLE.strip().splitlines():
        kind, severity, *cells = line.split(" | ")
        for place, text in zip((("CT", "GTVp"), ("CT", "GTVn"), ("PET", "GTVp"), ("PET", "GTVn")), cells, strict=True):
            numbers, stars = text.rsplit(" ", 1)
            yield (kind, int(severity), *place), (*map(float, numbers.split("/")), stars)


def test_all_72_cells(summary):
    found = {(cell.kind, cell.severity, cell.modality, cell.structure): cell for cell in summary.cells}
    expected = dict(expected_cells())
    assert found.keys() == expected.keys()
    assert len(found) == 72
    for place, (median, nonempty, failures, stars) in expected.items():
        cell = found[place]
        assert cell.median_delta == pytest.approx(median, abs=0.00051), place
        assert cell.median_delta_nonempty == pytest.approx(nonempty, abs=0.00051), place
        assert (cell.complete_failures, cell.stars) == (failures, stars), place


def test_the_baseline(summary):
    primary, nodal = summary.structures["GTVp"], summary.structures["GTVn"]
    assert [primary.mean_dsc, primary.dsc.median, primary.dsc.iqr] == pytest.approx([0.678, 0.766, 0.195], abs=5e-4)
    assert [nodal.mean_dsc, nodal.dsc.median, nodal.dsc.iqr] == pytest.approx([0.614, 0.698, 0.313], abs=5e-4)
    assert [primary.mean_dsc_nonempty, primary.dsc_nonempty.median] == pytest.approx([0.722, 0.791], abs=5e-4)
    assert [nodal.mean_dsc_nonempty, nodal.dsc_nonempty.median] == pytest.approx([0.638, 0.701], abs=5e-4)
    assert (primary.cases_nonempty, nodal.cases_nonempty) == (47, 45)


def test_the_outcomes_of_the_baseline(summary):
    assert summary.structures["GTVp"].outcomes == {"found": 46, "missed": 1, "spurious": 3, "both_empty": 0}
    assert summary.structures["GTVn"].outcomes == {"found": 43, "missed": 2, "spurious": 3, "both_empty": 2}


def test_the_largest_distances_count_infinite_ones(summary):
    primary, nodal = (summary.structures[name].measures["hd_mm"] for name in ("GTVp", "GTVn"))
    assert [primary.median, primary.iqr] == pytest.approx([9.16, 14.28], abs=0.005)
    assert [nodal.median, nodal.iqr] == pytest.approx([17.62, 62.51], abs=0.005)


def test_the_correlations_that_survive(summary):
    counts = summary.correlation_counts
    assert (counts.tests, counts.one_family) == (936, 13)
    assert counts.by_structure == {"GTVp": 5, "GTVn": 9}
    assert counts.relative == 4


def test_three_named_correlations(summary):
    found = {(c.descriptor, c.modality, c.kind, c.severity, c.structure): c.r for c in summary.correlations}
    assert max(r for key, r in found.items() if key[:3] == ("PET F/B Contrast", "CT", "spike")) == pytest.approx(
        0.62, abs=0.005
    )
    assert min(r for key, r in found.items() if key[:3] == ("Volume", "PET", "blur")) == pytest.approx(-0.56, abs=0.005)
    noise = [r for key, r in found.items() if key[:3] == ("Boundary Length", "PET", "noise") and key[4] == "GTVp"]
    assert max(noise) == pytest.approx(0.52, abs=0.005)


def test_most_of_them_say_what_correlates_with_the_baseline(summary):
    marked = [one for one in summary.correlations if one.is_significant and one.loss_is_baseline]
    assert len(marked) == 8
    assert {one.descriptor for one in marked} == {"PET F/B Contrast"}
    assert {(one.kind, one.severity) for one in marked} <= {("spike", 2), ("spike", 3)}


def test_the_file_of_scores_gives_the_same(summary, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text(as_csv(published_records()))
    assert summarise(read_scores(path)) == summary
