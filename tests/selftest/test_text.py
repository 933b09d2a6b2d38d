from hnseg.selftest.results import Row
from hnseg.selftest.text import last_line_of, line_of, summary_of
from tests.selftest.test_results import result_of


def test_a_row_is_one_line_with_its_cure():
    row = Row(name="device", state="wrong", found="No code for it.", cure="Install another.")
    assert line_of(row) == "wrong     device: No code for it. Install another."


def test_the_last_line_is_the_verdict_and_the_model():
    assert last_line_of(result_of("right")).endswith("every check is right. Tested with untrained ensembles.")


def test_the_summary_has_version_verdict_and_every_row():
    lines = summary_of(result_of("right", "measured")).splitlines()
    assert lines[0].startswith("hnseg ")
    assert lines[1] == last_line_of(result_of("right", "measured"))
    assert [line.split()[0] for line in lines[3:]] == ["right", "measured"]
