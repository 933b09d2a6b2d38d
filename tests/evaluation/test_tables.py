"""Tables show every value, or that it is undefined."""

from math import inf

import pytest
from rich.console import Console

from hnseg.evaluation.report import CaseScore, ScoreReport
from hnseg.evaluation.tables import Table, cases_table, parts_table, structures_table


@pytest.fixture
def report() -> ScoreReport:
    """Two structures, one of them undefined."""
    return ScoreReport(
        challenge="hnts_mrg",
        score=None,
        score_name="mean DSCagg",
        structures={"GTVp": {"mean_dsc": 0.30642, "cases": 11}, "GTVn": {"mean_dsc": None, "cases": 0}},
        cases=(CaseScore(name="77", structures={"GTVp": {"dsc": 1.0, "reference_mm3": 2779.41}}),),
    )


def test_markdown_of_structures(report):
    assert structures_table(report).as_markdown() == (
        "| structure | mean DSC | cases |\n| --- | ---: | ---: |\n| GTVp | 0.3064 | 11 |\n| GTVn | undefined | 0 |"
    )


def test_markdown_of_cases(report):
    assert cases_table(report).as_markdown() == (
        "| case | structure | DSC | reference, mm³ |\n| --- | --- | ---: | ---: |\n| 77 | GTVp | 1.0000 | 2779 |"
    )


def test_a_terminal_shows_the_same_cells(report):
    console = Console(width=100)
    with console.capture() as captured:
        console.print(cases_table(report).for_terminal())
    assert captured.get().split() == [
        *("case", "structure", "DSC", "reference,", "mm³"),
        "─" * len(captured.get().splitlines()[2].strip()),
        *("77", "GTVp", "1.0000", "2779"),
    ]


@pytest.fixture
def summed_up() -> ScoreReport:
    """Two organs that a challenge sums up, one of them in one case only, without a prediction."""
    return ScoreReport(
        challenge="han_seg",
        score=0.4256,
        score_name="mean DSC",
        structures={
            "Lips": {
                **{"mean_dsc": 0.8512, "sd_dsc": 0.0334, "mean_hd95_mm": 2.66, "sd_hd95_mm": 4.58},
                **{"cases": 2, "empty_predictions": 0},
            },
            "Glottis": {
                **{"mean_dsc": 0.0, "sd_dsc": None, "mean_hd95_mm": None, "sd_hd95_mm": None},
                **{"cases": 1, "empty_predictions": 1},
            },
        },
        overall={
            **{"mean_dsc": 0.4256, "sd_dsc": 0.0334, "median_dsc": 0.81, "iqr_dsc": 0.186},
            **{"mean_hd95_mm": 2.66, "sd_hd95_mm": 4.58, "median_hd95_mm": 2.7, "iqr_hd95_mm": 2.2},
        },
        cases=(
            CaseScore(
                name="a", structures={"Lips": {"dsc": 0.8, "hd95_mm": 4.0}, "Glottis": {"dsc": 0, "hd95_mm": inf}}
            ),
            CaseScore(name="b", structures={"Lips": {"dsc": 0.9, "hd95_mm": 1.32}}),
        ),
    )


def test_organs_are_shown_as_in_the_challenges_publication(summed_up):
    assert structures_table(summed_up).as_markdown().splitlines() == [
        "| structure | DSC | HD95, mm | cases | empty predictions |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| Lips | 0.851 ± 0.033 | 2.7 ± 4.6 | 2 | 0 |",
        "| Glottis | 0.000 | undefined | 1 | 1 |",
        "| mean | 0.426 ± 0.033 | 2.7 ± 4.6 |  |  |",
        "| median (IQR) | 0.810 (0.186) | 2.7 (2.2) |  |  |",
    ]


def test_a_case_of_many_organs_is_one_row_and_its_empty_predictions_are_counted(summed_up):
    assert cases_table(summed_up).as_markdown().splitlines()[2:] == [
        "| a | 0.400 | 4.0 | 2 | 1 |",
        "| b | 0.900 | 1.3 | 1 | 0 |",
    ]


def test_the_parts_of_a_score_are_a_table_of_their_own(report, summed_up):
    made_of = report.model_copy(update={"overall": {"dice": 0.30642, "c_index": None, "rfs_patients": 3}})
    assert parts_table(made_of).as_markdown().splitlines()[2:] == [
        "| DSC | 0.3064 |",
        "| c index | undefined |",
        "| rfs patients | 3 |",
    ]
    assert structures_table(made_of) == structures_table(report)
    assert parts_table(report) is None
    assert parts_table(summed_up) is None


def test_a_metric_that_a_structure_does_not_have_is_left_blank(report):
    structures = {"GTVp": {"mean_dsc": 1.0}, "GTVn": {"aggregated_f1": None}}
    table = structures_table(report.model_copy(update={"structures": structures}))
    assert table.rows == (("GTVp", "1.0000", ""), ("GTVn", "", "undefined"))


def test_names_of_any_origin_neither_break_a_table_nor_steer_a_terminal():
    table = Table(("case", "DSC [mean]"), (("[/red] [bold]a", "[1]"), ("b|c\nd\x1b[2J", "0.5")))
    console = Console(width=100)
    with console.capture() as captured:
        console.print(table.for_terminal())
    assert "DSC [mean]" in captured.get()
    assert "[/red] [bold]a" in captured.get()
    assert "\x1b[2J" not in captured.get()
    assert table.as_markdown().splitlines()[2:] == ["| [/red] [bold]a | [1] |", r"| b\|c\nd\x1b[2J | 0.5 |"]
