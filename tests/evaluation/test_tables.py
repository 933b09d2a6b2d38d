"""Tables show every value, and say where there is none."""

import pytest
from rich.console import Console

from hnseg.evaluation.report import CaseScore, ScoreReport
from hnseg.evaluation.tables import cases_table, structures_table


@pytest.fixture
def report() -> ScoreReport:
    """Two structures, one of them undefined."""
    return ScoreReport(
        challenge="hnts_mrg",
        score=None,
        score_name="mean aggregated DSC",
        structures={"GTVp": {"mean_dsc": 0.30642, "cases": 11}, "GTVn": {"mean_dsc": None, "cases": 0}},
        cases=(CaseScore(name="77", structures={"GTVp": {"dsc": 1.0, "reference_mm3": 2779.41}}),),
    )


def test_markdown_of_structures(report):
    assert structures_table(report).as_markdown() == (
        "| structure | mean_dsc | cases |\n| --- | ---: | ---: |\n| GTVp | 0.3064 | 11 |\n| GTVn | undefined | 0 |"
    )


def test_markdown_of_cases(report):
    assert cases_table(report).as_markdown() == (
        "| case | structure | dsc | reference_mm3 |\n| --- | --- | ---: | ---: |\n| 77 | GTVp | 1.0000 | 2779 |"
    )


def test_a_terminal_shows_the_same_cells(report):
    console = Console(width=100)
    with console.capture() as captured:
        console.print(cases_table(report).for_terminal())
    assert captured.get().split() == [
        *("case", "structure", "dsc", "reference_mm3"),
        "─" * len(captured.get().splitlines()[2].strip()),
        *("77", "GTVp", "1.0000", "2779"),
    ]
