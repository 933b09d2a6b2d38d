from hnseg.cohort.report.summary import summary_of
from hnseg.version import __version__
from tests.support.made_up_cohort import FLAG, done, facts, failed, row


def test_the_summary_counts_and_names_no_case():
    rows = [
        row(done("smith_1", seconds=10.0)),
        row(done("smith_2", seconds=30.0, facts=facts(GTVp=99.0, flags=[FLAG]))),
        row(failed("smith_3")),
    ]
    text = summary_of(rows, title="HNTS-MRG 2024")
    lines = text.splitlines()
    assert lines[0] == "**HNTS-MRG 2024**"
    assert "- Cases: 3, 2 done, 1 failed" in lines
    assert "- Time of a case: median 20.0 s, at most 30.0 s" in lines
    assert f"- Model: sha256 {rows[0].model_sha256}" in lines
    assert lines[-1] == f"- Version: hnseg {__version__}"
    assert next(line for line in lines if line.startswith("- To look at: ")).endswith("(1)")
    assert "smith" not in text


def test_without_a_case_there_are_no_times():
    assert summary_of([], title="t").splitlines()[2] == "- Cases: 0, 0 done, 0 failed"
