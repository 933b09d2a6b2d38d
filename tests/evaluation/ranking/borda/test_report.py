"""Keys of a report of Borda counts, and its table."""

from hnseg.evaluation.ranking.borda.counts import BordaMethod, Measure
from hnseg.evaluation.ranking.borda.measures_file import Measures
from hnseg.evaluation.ranking.borda.report import BordaReport, borda_table, rank_by_borda


def test_the_report_and_its_table():
    method = BordaMethod("ours", "a_challenge", "2030", {"one": (Measure("one", "dsc"),)})
    report = rank_by_borda(Measures(("A", "B"), {"one.dsc": (0.25, 0.5)}), method)
    assert report.model_dump() == {
        "method": "ours",
        "challenge": "a_challenge",
        "edition": "2030",
        "teams": (
            {
                "team": "B",
                "rank": 1,
                "points": 1,
                "groups": {"one": {"rank": 1, "points": 1}},
                "measures": {"one.dsc": {"rank": 1, "points": 1, "value": 0.5}},
            },
            {
                "team": "A",
                "rank": 2,
                "points": 0,
                "groups": {"one": {"rank": 2, "points": 0}},
                "measures": {"one.dsc": {"rank": 2, "points": 0, "value": 0.25}},
            },
        ),
    }
    assert borda_table(report).headings == ("team", "one.dsc", "rank one", "points", "rank")
    assert borda_table(report).rows[0] == ("B", "0.5000 (1)", "1", "1", "1")


def test_teams_of_equal_rank_are_sorted_by_name():
    method = BordaMethod("ours", "a_challenge", "2030", {"one": (Measure("one", "dsc"),)})
    report = rank_by_borda(Measures(("A", "B", "C"), {"one.dsc": (0.25, 0.5, 0.5)}), method)
    assert [(team.team, team.rank, team.points) for team in report.teams] == [("B", 1, 2), ("C", 1, 2), ("A", 3, 0)]


def test_the_report_comes_back_from_its_json():
    method = BordaMethod("ours", "a_challenge", "2030", {"one": (Measure("one", "dsc"),)})
    report = rank_by_borda(Measures(("A", "B"), {"one.dsc": (0.25, 0.5)}), method)
    assert BordaReport.model_validate_json(report.model_dump_json()) == report
