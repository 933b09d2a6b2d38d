"""Summary of a study: its keys, the baseline and the notes."""

import json
from dataclasses import replace

import pytest

from hnseg.robustness.results.summary import summarise
from hnseg.robustness.scores.record import Variant
from tests.support.made_up_study import made_up_study


def test_the_keys_of_the_json_file():
    report = json.loads(summarise(made_up_study()).model_dump_json())
    assert list(report) == ["cases", "structures", "cells", "correlations", "correlation_counts", "notes"]
    assert {"modality", "kind", "severity", "structure", "median_delta", "median_delta_nonempty"} < set(
        report["cells"][0]
    )
    assert {"complete_failures", "p", "q"} < set(report["cells"][0])
    assert report["structures"]["GTVn"]["measures"]["hd95_mm"] == {"median": 4.0, "iqr": 0.0}


def test_the_baseline_leaves_out_what_is_undefined():
    structure = summarise(made_up_study()).structures["GTVn"]
    assert (structure.cases, structure.cases_nonempty) == (12, 11)
    assert structure.mean_dsc == pytest.approx(structure.mean_dsc_nonempty)
    assert structure.outcomes == {"found": 11, "missed": 0, "spurious": 0, "both_empty": 1}


def test_notes_say_what_the_numbers_hide():
    notes = " ".join(summarise(made_up_study()).notes)
    assert "In 8 of 16 cells a DSC is undefined" in notes
    assert "correlations are in cells in which nearly every case fails" in notes


def test_refused_images_are_told_with_their_variant():
    records = [
        replace(one, refused=str(one.variant) == "CT spike 2" and one.case < "case_03") for one in made_up_study()
    ]
    assert "count as an empty label map: CT spike 2 (3 cases). No network saw them." in " ".join(
        summarise(records).notes
    )


def test_an_incomplete_study_says_so():
    records = [one for one in made_up_study() if (one.case, one.variant) != ("case_03", Variant("PET", "blur", 2))]
    summary = summarise(records)
    assert "2 of 16 cells lack cases that the baseline has" in summary.notes[0]
    assert {cell.cases for cell in summary.cells} == {11, 12}
