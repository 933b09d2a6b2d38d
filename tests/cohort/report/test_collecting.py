from hnseg.cohort.report.collecting import collect_rows
from hnseg.cohort.store import CaseStore
from tests.support.made_up_cohort import done, write_statuses


def test_rows_are_sorted_and_know_their_folders(tmp_path):
    write_statuses(tmp_path, done("b"), done("a"))
    assert [(row.name, row.folder) for row in collect_rows(CaseStore(tmp_path))] == [
        ("a", tmp_path / "a"),
        ("b", tmp_path / "b"),
    ]


def test_a_status_that_cannot_be_read_is_none(tmp_path):
    write_statuses(tmp_path, done("a"), done("b"), done("c"))
    (tmp_path / "a" / "status.json").write_text('{"case": "a"')
    (tmp_path / "b" / "status.json").write_text('{"case": "b", "of_version": 9}')
    (tmp_path / "notes").mkdir()
    assert [row.name for row in collect_rows(CaseStore(tmp_path))] == ["c"]


def test_unfinished_cases_are_not_shown(tmp_path):
    write_statuses(tmp_path / ".unfinished", done("a"))
    write_statuses(tmp_path, done(".hidden"))
    assert collect_rows(CaseStore(tmp_path)) == []


def test_a_flat_cohort_has_its_cases_in_a_hidden_folder(tmp_path):
    write_statuses(tmp_path / ".cohort", done("a"))
    assert [row.folder for row in collect_rows(CaseStore(tmp_path, flat=True))] == [tmp_path / ".cohort" / "a"]
