"""Benchmark of recurrence volumes: methods run on cases, thresholds, and the tables of both."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.evaluation.recurrence.methods import Method, find_cohort
from hnseg.imaging.geometry import array_of
from tests.support.recurrence_patients import BOTH, SHAPE, as_image, label_map, write, write_cohort
from tests.support.small_challenges import RECURRENCE
from tests.support.small_recurrence import OUTPUT_FILE


@pytest.fixture
def benchmark(script):
    """Module of the script."""
    return script("recurrence")


@pytest.fixture
def small_cases(tmp_path):
    """Folder with two cases of the container and what is expected of each."""
    for name in ("case_000", "case_001"):
        folder = tmp_path / "cases" / name
        RECURRENCE.write_case(folder / "input")
        RECURRENCE.write_reference(folder / "input", folder / "expected")
    return tmp_path / "cases"


def row_of(text, name):
    """Return the cells of the first row of that name, by heading."""
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if "|" in line]
    return dict(zip(lines[0], next(cells for cells in lines if cells[0].startswith(name)), strict=True))


def test_a_network_at_another_threshold_predicts_where_its_probability_is_over_it(benchmark, tmp_path):
    root = write_cohort(tmp_path)  # 0.75 in the first cube and 0.25 in the second
    cohort = find_cohort([Method("net", probabilities=root / "probability")], root / "references")
    for threshold, cubes in ((0.2, BOTH), (0.25, BOTH[:1]), (0.8, ())):
        folder = benchmark.at_threshold(cohort, "net", threshold, tmp_path / str(threshold))
        assert sorted(path.name for path in folder.iterdir()) == ["a.mha", "b.mha", "c.mha"]
        found = array_of(sitk.ReadImage(str(folder / "a.mha")))
        np.testing.assert_array_equal(found, array_of(label_map(*cubes)))


def test_a_starred_row_captures_as_many_origins_as_the_gtv_in_the_smallest_volume(benchmark, tmp_path):
    root = write_cohort(tmp_path)
    probability = np.full(SHAPE, 0.1, np.float32)
    probability[BOTH[0]], probability[BOTH[1]] = 0.755, 0.0015  # closer to 0 than a hundredth
    write(root / "probability", dict.fromkeys("abc", as_image(probability)))
    cohort = find_cohort([Method("net", probabilities=root / "probability")], root / "references")
    methods = [Method("net", probabilities=root / "probability"), Method("gtv", root / "all")]
    comparison = benchmark.compare_methods(find_cohort(methods, root / "references"), benchmark.Options())
    (row,) = benchmark.as_the_gtv(cohort, "net", comparison, root / "references", tmp_path / "starred")
    assert row.name == "net, over 0.001: the GTV's origins by centre and core *"
    assert row.report.overall["origins_captured_by_centre"] == row.report.overall["origins_captured_by_core"] == 4
    fewer = [Method("net", probabilities=root / "probability"), Method("gtv", root / "first")]
    comparison = benchmark.compare_methods(find_cohort(fewer, root / "references"), benchmark.Options())
    (row,) = benchmark.as_the_gtv(cohort, "net", comparison, root / "references", tmp_path / "starred")
    assert row.name.startswith("net, over 0.75: ")
    assert row.report.structures["recurrence"]["median_prediction_cc"] == pytest.approx(6.75)


def test_every_method_runs_as_in_the_container_and_stands_in_the_table(benchmark, small_cases, quick_model, tmp_path):
    model, output = quick_model(RECURRENCE), tmp_path / "output"
    given = benchmark.Wanted(small_cases, {"net": model}, [("net", 0.6)])
    text = benchmark.compared(given, output, draw=True)
    reference = array_of(sitk.ReadImage(str(small_cases / "case_000/expected" / OUTPUT_FILE))) > 0
    gtv = array_of(sitk.ReadImage(str(output / "runs/gtv/case_000" / OUTPUT_FILE))) > 0
    dice = 2 * (gtv & reference).sum() / (gtv.sum() + reference.sum())
    assert row_of(text, "gtv")["DSC, median (IQR)"].startswith(f"{dice:.2f} ")
    assert row_of(text, "gtv")["% of its volume, medians"] == "100"
    assert row_of(text, "reference")["origins, centre"] == "4"
    for name in ("net", "net, over 0.6", "suvmax"):
        assert row_of(text, name)["origins, core"].isdecimal()
    assert {path.name for path in output.iterdir()} >= {"comparison.json", "captures.png", "report.html"}
    again = {name: output / "runs" / name for name in ("net", "suvmax", "gtv")}
    assert benchmark.compared(benchmark.Wanted(small_cases, again, [("net", 0.6)]), tmp_path / "again") == text


def test_a_threshold_for_a_network_that_is_not_there_is_refused(benchmark, small_cases, capsys):
    with pytest.raises(SystemExit):
        benchmark.main([str(small_cases), "net=model", "--threshold", "other=0.3"])
    assert "--threshold must name one of the networks, but other is none" in capsys.readouterr().err
