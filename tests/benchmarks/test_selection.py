"""Benchmark of the choice of a run: its simulation and its tables by hand, and all of it on tiny trainings."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from hnseg_training.challenges.recurrence.convert import Options, convert
from hnseg_training.dataset.nested_split import OuterPart
from hnseg_training.dataset.single_split import Shares
from hnseg_training.dataset.splits import SPLITS_FILE
from hnseg_training.dataset.work_folder import WorkFolder, read_json, write_json
from hnseg_training.fitting.fit import Schedule, fit, validate
from hnseg_training.fitting.plan import plan
from hnseg_training.fitting.preset import PRESETS
from tests.support.tiny_recurrence import PATIENTS, SETTINGS, write_source

DRAWS = 20_000
CLOSE = 0.015  # over 4 standard errors of a mean of so many gaps between -1 and 1


@pytest.fixture
def selection(script):
    """Module of the script."""
    return script("selection")


def simulated(selection, dice, *, choices, patients):
    rng = np.random.default_rng(1)
    return selection.gaps(np.array(dice), choices=choices, patients=patients, draws=DRAWS, rng=rng)


def test_the_better_of_two_by_two_patients_overstates_by_three_sixteenths(selection):
    # On each patient a candidate has 0 or 1 by the toss of a coin. Its mean over two is 0, 0.5 or 1 with probabilities
    # of 1/4, 1/2 and 1/4; the better of two is 0 in 1/16, 0.5 in 8/16 and 1 in 7/16, 11/16 on average. In truth: 1/2.
    drawn = simulated(selection, [[0.0, 0.0], [1.0, 1.0]], choices=2, patients=2)
    assert drawn.mean() == pytest.approx(11 / 16 - 1 / 2, abs=CLOSE)


def test_who_chooses_nothing_overstates_nothing_but_scatters(selection):
    # Two patients of 0 and 1: the means over two, of validation and test, have a variance of 1/8 each.
    drawn = simulated(selection, [[0.0, 1.0]], choices=1, patients=2)
    assert drawn.mean() == pytest.approx(0, abs=CLOSE)
    assert drawn.var() == pytest.approx(1 / 4, abs=CLOSE)


def test_candidates_that_never_differ_can_t_be_chosen_among(selection):
    # Whatever is chosen has the same Dice on each patient, and its patients are no easier than others.
    drawn = simulated(selection, [[0.0, 1.0]] * 3, choices=5, patients=2)
    assert drawn.mean() == pytest.approx(0, abs=CLOSE)


def run_of(best_dice, dice):
    runs = sys.modules["selection_runs"]  # beside the script
    return runs.Run(best_epoch=3, best_dice=best_dice, best_on=runs.PATCHES, late_dice=0.5, dice=dice)


def trained(selection, *, runs, splits, **record):
    work = WorkFolder(Path("work"), "Dataset508_recurrence")
    return selection.Trained(work, PRESETS["demo"], splits, {"seed": 42, **record}, runs)


def test_the_tables_set_the_chosen_run_beside_the_nested_parts(selection):
    runs = [run_of(0.4, {"a": 0.2, "b": 0.4}), run_of(0.6, {"a": 0.4, "b": 0.8})]
    split = {"train": ["c"], "val": ["a", "b"]}
    of_single = trained(selection, runs=runs, splits=[split] * 2, split={}, test=["d", "e"])
    single = selection.Tested(of_single, [{"d": 0.3, "e": 0.5}, {"d": 0.1, "e": 0.3}])
    parts = []
    for part, best, tested in ((1, 0.3, {"a": 0.2, "b": np.nan}), (2, 0.5, {"d": 0.4, "e": 0.6})):
        inner = [run_of(best, {"c": 0.1}), run_of(best, {"f": 0.3})]
        record = {"split": {"part": part, "parts": 2, "folds": 2}, "test": list(tested)}
        parts.append(selection.Tested(trained(selection, runs=inner, splits=[], **record), [tested]))
    of_runs, of_parts, beside, simulation = selection.tables_of(single, parts)
    assert of_runs.headings[0] == "single split of 1, 2 and 2 patients"
    assert [row[1:] for row in of_runs.rows] == [
        ("3", "0.400", "0.500", "0.300", "0.400"),
        ("3", "0.600", "0.500", "0.600", "0.200"),
        ("", "0.500", "0.500", "0.450", "0.300"),
        ("3", "0.600", "0.500", "0.600", "0.200"),
    ]
    assert of_runs.rows[-1][0] == "chosen: run 1"
    assert [row[1:] for row in of_parts.rows] == [
        ("2", "2", "0.300", "0.200", "0.200"),
        ("2", "2", "0.500", "0.200", "0.500"),
        ("", "", "0.400 ± 0.141", "0.200 ± 0.000", "0.350 ± 0.212"),
    ]
    assert [row[1:] for row in beside.rows[:-1]] == [
        ("0.600", "0.200", "0.400"),
        ("0.500", "0.300", "0.200"),
        ("0.400", "0.350", "0.050"),
        ("0.200", "0.350", "-0.150"),
        ("0.540", "0.260", "0.280"),
    ]
    assert beside.rows[-1][2].startswith("0.400 (")  # of the three patients with a Dice
    assert [row[:2] for row in simulation.rows[:3]] == [
        ("no choice", "7"),
        ("best of 5 runs", "7"),
        ("best of 5 runs x 10 epochs", "7"),
    ]


def test_folds_of_a_cross_validation_are_no_runs(selection):
    splits = [{"train": ["a"], "val": ["b"]}, {"train": ["b"], "val": ["a"]}]
    with pytest.raises(SystemExit, match="must have one split with a test in all folds"):
        selection.check_single(trained(selection, runs=[], splits=splits, split=None, test=["c"]))


@pytest.mark.parametrize(("seed", "test"), [(43, ["b"]), (42, ["a"])])
def test_parts_of_two_cross_validations_are_refused(selection, seed, test):
    split = {"part": 1, "parts": 2, "folds": 2}
    parts = [trained(selection, runs=[], splits=[], split=split, test=["a"])]
    parts.append(trained(selection, runs=[], splits=[], split={**split, "part": 2}, test=test, seed=seed))
    with pytest.raises(SystemExit, match="must be different ones of the same --seed"):
        selection.check_parts(parts)


def fitted(source, folder):
    """Return a work folder with a single split whose one fold is trained for two short epochs, as two runs of it."""
    work = convert(source, folder, settings=SETTINGS, options=Options(split=Shares(6, 2, 2)))
    preset, schedule = PRESETS["demo"], Schedule(epochs=2, iterations=1, device="cpu", threads=1)
    plan(work, preset, workers=1)
    fit(work, preset, 0, schedule)
    validate(work, preset, 0, schedule)
    results = work.results(preset.result_name)
    shutil.copytree(results / "fold_0", results / "fold_1")
    write_json(work.preprocessed / SPLITS_FILE, 2 * read_json(work.preprocessed / SPLITS_FILE))
    return work


def outer_part(source, folder, number, trained):
    """Return a work folder with an outer part, whose two inner folds have the weights that another one trained."""
    work = convert(source, folder, settings=SETTINGS, options=Options(split=OuterPart(number, 2, 2)))
    plans = PRESETS["demo"].plans_name
    shutil.copy(trained.plans_file(plans), work.plans_file(plans))
    shutil.copytree(trained.root / "nnUNet_results", work.root / "nnUNet_results")
    return work


@pytest.mark.slow
def test_everything_is_measured_from_trained_folders(selection, tmp_path, monkeypatch, capsys):
    source = write_source(tmp_path / "source")
    single = fitted(source, tmp_path / "single")
    parts = [outer_part(source, tmp_path / f"part_{part}", part, single).root for part in (2, 1)]
    command = ["selection.py", source, "--single", single.root, "--nested", *parts, "--output", tmp_path / "out"]
    monkeypatch.setattr(sys, "argv", list(map(str, command)))
    assert selection.main() == 0
    first = capsys.readouterr().out
    assert first.count("\n\n") == 3
    assert "| single split of 3, 1 and 1 patients | best epoch |" in first
    names = {name for part in (1, 2) for name in json.loads((tmp_path / "out" / f"part_{part}.json").read_text())}
    assert names == set(PATIENTS)
    assert len(list((tmp_path / "out").glob("run_?/*.mha"))) == 2
    selection.main()  # nothing is made again
    again = capsys.readouterr()
    assert (again.out, again.err) == (first, "")


def test_the_best_epoch_is_the_recorded_one_where_training_kept_it(script, tmp_path):
    run_in = script("selection_runs").run_in
    (tmp_path / "validation").mkdir()
    case = {"prediction_file": "somewhere/ann.nii.gz", "metrics": {"1": {"Dice": 0.5}}}
    write_json(tmp_path / "validation" / "summary.json", {"metric_per_case": [case]})
    torch.save({"logging": {"mean_fg_dice": [0.2, 0.7, 0.4]}}, tmp_path / "checkpoint_final.pth")
    logged = run_in(tmp_path)
    assert (logged.best_epoch, logged.best_dice, logged.best_on, logged.dice) == (2, 0.7, "patches", {"ann": 0.5})
    cases = {"ann": {"recurrence": 0.6}}
    kept = {"best_epoch": 1, "dice": 0.6, "cases": cases, "epochs": 3, "ended": "epochs"}
    write_json(tmp_path / "selection.json", kept)
    assert (run_in(tmp_path).best_epoch, run_in(tmp_path).best_dice, run_in(tmp_path).best_on) == (
        1,
        0.6,
        "whole patients",
    )
