import pytest


def test_the_planned_preset_is_trained_where_none_is_named(run, trained):
    assert run("fit", "hnts_mrg", "--work", trained.root, "--folds", "0,3", "--resume") == (0, "")


@pytest.mark.parametrize("text", ["5", "0,all", "", "-1"])
def test_folds_that_do_not_exist_are_refused(run, trained, text):
    status, stderr = run("fit", "hnts_mrg", "--work", trained.root, f"--folds={text}")
    assert status == 1
    assert f"numbers from 0 to 4 with commas between them, or all; found {text!r}" in stderr
