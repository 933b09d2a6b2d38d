import pytest

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def test_an_image_tests_its_device_without_a_case_and_writes_nothing(image, folders, run_container):
    done = run_container(image, arguments=["selftest"])
    assert (done.returncode, done.stderr) == (0, "")
    *rows, verdict = done.stdout.splitlines()
    assert rows[0].startswith("right     device: ")
    assert [row for row in rows if row.startswith(("wrong", "warning"))] == []
    assert verdict == "Usable (cpu): every check is right. Tested with /opt/ml/model."
    assert list(folders.output.iterdir()) == []


def test_the_word_with_another_one_is_refused_by_the_challenge(image, run_container):
    done = run_container(image, arguments=["selftest", "--port=1"])
    assert done.returncode == 2
    assert "unrecognized arguments: selftest" in done.stderr
