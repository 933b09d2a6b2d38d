import logging

from hnseg_training.dataset.survey.problem import Problem
from hnseg_training.dataset.survey.problem_list import PROBLEMS_FILE, problems_error


def text_of(problems, output, patients=42):
    return str(problems_error(problems, patients=patients, output=output, kept="nothing was converted"))


def test_a_short_list_is_shown_whole_with_the_options(tmp_path):
    problems = [Problem("case_02", "The CT must be there."), Problem("a b", "The MR must be there.")]
    assert text_of(problems, tmp_path).splitlines() == [
        "Every file must be as its challenge has it, but 2 problems were found of 2 of 42 patients; nothing was"
        " converted.",
        "  case_02: The CT must be there.",
        "  a b: The MR must be there.",
        "Mend them, or leave these patients out: --leave-out 'a b' --leave-out case_02",
    ]
    assert not (tmp_path / PROBLEMS_FILE).exists()


def test_a_long_list_fits_a_screen_and_is_whole_in_a_file(tmp_path):
    problems = [Problem(f"case_{number:02d}", "must hold " * 15) for number in range(30)]  # 160 characters: 3 lines
    lines = text_of(problems, tmp_path / "work").splitlines()
    assert sum(-(-len(line) // 80) for line in lines) <= 24
    assert lines[-3] == "  and 25 more"
    assert lines[-2].endswith("--leave-out case_04 and 25 more")
    whole = (tmp_path / "work" / PROBLEMS_FILE).read_text().splitlines()
    assert len(whole) == 1 + 30 + 1
    assert whole[-1].endswith("--leave-out case_29")


def test_a_former_list_is_gone_when_a_short_one_is_shown(tmp_path):
    text_of([Problem(str(number), "must hold " * 15) for number in range(30)], tmp_path)
    text_of([Problem("1", "It must hold.")], tmp_path)
    assert not (tmp_path / PROBLEMS_FILE).exists()


def test_where_no_file_can_be_written_the_log_has_the_list(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    (tmp_path / "file").touch()
    lines = text_of([Problem(str(number), "must hold " * 15) for number in range(30)], tmp_path / "file")
    assert lines.splitlines()[-1] == "The whole list is above."
    assert "29: must hold" in caplog.text


def test_a_problem_of_no_patient_has_no_option(tmp_path):
    lines = text_of([Problem("", "The table must be there.")], tmp_path).splitlines()
    assert lines[0].endswith("but 1 problem was found; nothing was converted.")
    assert lines[1:] == ["  The table must be there."]
