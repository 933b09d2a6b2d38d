"""Teams' numbers are read from score reports or from one table, and must belong together."""

from pathlib import Path

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.challenges.hecktor import RANKINGS
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.ranking.borda.measures_file import Measures, read_measures
from hnseg.evaluation.scoring import score_pairs

(METHOD,) = RANKINGS
WHOLE, HALF, NODE = np.s_[1:3, 1:3, 1:5], np.s_[1:3, 1:3, 1:3], np.s_[3:5, 4:6, 5:9]
FULL = "A,GTVp.mean_dsc,0.5\nA,GTVn.aggregated_dsc,0.6\nA,GTVn.aggregated_f1,0.7\n"


@pytest.fixture
def report(make_label_map, tmp_path):
    """Return a function that writes a team's score report, with half of the primary of each case found or all of it."""

    def write(team: str, primary=HALF, *, cases="ab", edition="2025", **options: str) -> Path:
        prediction, reference = make_label_map({1: primary, 2: NODE}), make_label_map({1: WHOLE, 2: NODE})
        pairs = [Pair(name, prediction, reference) for name in cases]
        path = tmp_path / f"{team}.json"
        path.write_text(score_pairs("hecktor", pairs, edition=edition, options=options).model_dump_json())
        return path

    return write


def _csv(tmp_path: Path, rows: str, heading: str = "team,metric,value\n") -> Path:
    path = tmp_path / "measures.csv"
    path.write_text(heading + rows, encoding="utf-8")
    return path


def test_reports_are_named_by_their_files(report):
    measures = read_measures([report("them", WHOLE), report("Us")], METHOD)
    assert measures == Measures(
        ("Us", "them"),
        {
            "GTVp.mean_dsc": (pytest.approx(2 / 3), 1.0),
            "GTVn.aggregated_dsc": (1.0, 1.0),
            "GTVn.aggregated_f1": (1.0, 1.0),
        },
    )


def test_a_table_gives_the_same(tmp_path):
    path = _csv(tmp_path, FULL.replace("A,", "B,").replace("0.5", "0.9") + FULL + "A,other,1\n")
    assert read_measures([path], METHOD).values["GTVp.mean_dsc"] == (0.5, 0.9)


def test_reports_of_another_edition_are_refused(report):
    with pytest.raises(InputError, match=r"hecktor-2025 must rank .* but .*B\.json has those of hecktor 2022"):
        read_measures([report("A"), report("B", edition="2022")], METHOD)


def test_reports_of_other_cases_or_options_are_refused(report):
    with pytest.raises(InputError, match="same cases, but B has others than A"):
        read_measures([report("A"), report("B", cases="abc")], METHOD)
    with pytest.raises(InputError, match=r"same options, but B has .*'connectivity': '6'"):
        read_measures([report("A"), report("B", connectivity="6")], METHOD)


def test_a_file_that_is_no_report_is_named(report, tmp_path):
    (tmp_path / "B.json").write_text('{"score": 1}')
    with pytest.raises(InputError, match=r"must be files of hnseg score --json, .* but .*B\.json is not"):
        read_measures([report("A"), tmp_path / "B.json"], METHOD)
    with pytest.raises(InputError, match=r"readable files, but .*C\.json is not: No such file"):
        read_measures([report("A"), tmp_path / "C.json"], METHOD)


def test_two_files_of_one_name_are_refused(report):
    path = report("A")
    with pytest.raises(InputError, match=r"name of its own, but two are called A\.json"):
        read_measures([path, path], METHOD)


def test_an_undefined_score_can_t_be_ranked(make_label_map, tmp_path):
    label_map = make_label_map({1: WHOLE})
    for team in "AB":
        score = score_pairs("hecktor", [Pair("a", label_map, label_map)], edition="2025")
        (tmp_path / f"{team}.json").write_text(score.model_dump_json())
    with pytest.raises(InputError, match=r"A has no GTVn\.aggregated_dsc; A has no GTVn\.aggregated_f1; B has no"):
        read_measures([tmp_path / "A.json", tmp_path / "B.json"], METHOD)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (FULL, "two teams or more, but the scores have only A"),
        ("", "must have rows, but .* has none"),
        (FULL + FULL, r"one GTVp\.mean_dsc, but line 5 of .* gives A's again"),
        (FULL + "B,GTVp.mean_dsc,0.5\n", r"but B has no GTVn\.aggregated_dsc; B has no GTVn\.aggregated_f1"),
        (FULL + "B,GTVp.mean_dsc,\n", r"but B has no GTVp\.mean_dsc; B has no"),
        (FULL + "B,GTVp.mean_dsc,good\n", "must be a number, but line 5 of .* has 'good'"),
        (FULL + ",GTVp.mean_dsc,1\n", "must name its team, but line 5 of"),
    ],
)
def test_a_table_that_lacks_something_is_refused(tmp_path, rows, sentence):
    with pytest.raises(InputError, match=sentence):
        read_measures([_csv(tmp_path, rows)], METHOD)


def test_a_table_of_another_kind_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"columns team, metric, value once each, but that of .* is 'team,score'"):
        read_measures([_csv(tmp_path, "A,1\n", heading="team,score\n")], METHOD)


def test_the_measures_are_keys_of_the_score_report(make_label_map):
    label_map = make_label_map({1: (slice(1, 3),) * 3, 2: (slice(4, 6),) * 3})
    report = score_pairs(METHOD.challenge, [Pair("a", label_map, label_map)], edition=METHOD.edition)
    assert [report.structures[m.structure][m.metric] for m in METHOD.measures] == pytest.approx([1.0, 1.0, 1.0])
