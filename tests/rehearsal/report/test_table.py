from dataclasses import replace

import pytest

from hnseg.rehearsal.judging.answers import Answer
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.report.table import (
    cases_table,
    findings_of,
    first_metric,
    lowest,
    mean_over_structures,
    rules_summary,
)
from tests.support.answering.spec import EDITIONS
from tests.support.small_rehearsal import copying_runner, no_progress

STRUCTURES = {"a": {"dsc": 0.5}, "b": {"dsc": None}, "c": {"dsc": 0.1}, "d": {"dsc": 0.9}}


def test_the_table_has_a_row_a_case(small_request):
    table = cases_table(rehearse(small_request, copying_runner(seconds=3.0, vram_gib=None), no_progress))
    assert table.headings == ("case", "verdict", "time", "time left", "peak RAM", "mean DSC")
    assert table.rows == (("case_000", "passed", "3.0 s", "90%", "0.50 GiB", "1.000"),)


def test_gpu_memory_has_a_column_where_it_was_measured(small_request):
    table = cases_table(rehearse(small_request, copying_runner(vram_gib=3.25), no_progress))
    assert dict(zip(table.headings, table.rows[0], strict=True))["peak VRAM"] == "3.25 GiB"


@pytest.mark.parametrize(
    ("stage", "heading", "cell"), [("T2", "answers", "T2, 812.5"), ("T" * 40, "mean DSC", "1.000")]
)
def test_answers_are_in_the_table_where_they_are_short(small_request, stage, heading, cell):
    runner = copying_runner(files={"stage.json": '"T2"', "more/volume.json": "812.5"})
    result = rehearse(replace(small_request, spec=EDITIONS["asking"]), runner, no_progress)
    (case,) = result.cases
    answers = case.answers | {"stage": Answer(title="stage", given=stage, expected=None)}
    shown = result.model_copy(update={"cases": (case.model_copy(update={"answers": answers}),)})
    table = cases_table(shown)
    assert (table.headings[-1], table.rows[0][-1]) == (heading, cell)


def test_a_failed_case_has_its_findings_under_its_name(small_request):
    result = rehearse(small_request, copying_runner(exit_code=1, stderr="It went wrong.\n"), no_progress)
    assert cases_table(result).rows[0][:2] == ("case_000", "FAILED")
    assert [(subject, finding.platform_says) for subject, finding in findings_of(result)] == [
        ("case_000", "It went wrong.")
    ]
    assert first_metric(result.cases) == ""


def test_the_mean_is_over_the_structures_with_a_value():
    assert mean_over_structures(STRUCTURES, "dsc") == pytest.approx(0.5)
    assert mean_over_structures({"b": {"dsc": None}}, "dsc") is None
    assert mean_over_structures({}, "dsc") is None


def test_the_lowest_come_first_and_undefined_values_not_at_all():
    assert lowest(STRUCTURES, "dsc") == ["c", "a", "d"]
    assert lowest(STRUCTURES, "dsc", count=1) == ["c"]


def test_one_line_says_which_rules_are_imitated_stricter_or_not_imitated(small_request):
    result = rehearse(small_request, copying_runner(), no_progress)
    kinds = ("imitated", "stricter", "not imitated", "imitated")
    rules = tuple(
        rule.model_copy(update={"name": name, "rehearsed": kind})
        for rule, name, kind in zip(result.limits, "abcd", kinds, strict=False)
    )
    shown = result.model_copy(update={"profile": "mine", "limits": rules})
    assert rules_summary(shown) == "Rules of the profile mine: 2 imitated; stricter: b; not imitated: c"
