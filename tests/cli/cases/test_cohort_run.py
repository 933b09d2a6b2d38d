import pytest
import typer

from hnseg.cli.cases.cohort_run import run_and_report
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from tests.support.cohort_works import make_cases, work_reference


def test_failed_cases_are_named_at_the_end_and_the_report_is_written(tmp_path, capsys):
    cases = make_cases(tmp_path / "cases", 7)
    for case in cases[:6]:
        case.inputs.images["scan"].write_text("fails")
    store = CaseStore(tmp_path / "results")
    with pytest.raises(typer.Exit) as ended:
        run_and_report(cases, work_reference("odd"), store, RunSettings(), labels={}, title="Odd", expected={})
    assert ended.value.exit_code == 1
    said = capsys.readouterr()
    assert said.out.strip() == str(store.folder / "index.html")
    names = "case_000, case_001, case_002, case_003, case_004"
    assert said.err.splitlines()[-1] == f"1 case done, 6 failed: {names} and more."
    assert "- Cases: 7, 1 done, 6 failed" in said.err
