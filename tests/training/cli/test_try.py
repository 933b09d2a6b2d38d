import pytest


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        (("--patients", 1), 2, "Invalid value for '--patients'"),
        (("--minutes", 0), 2, "Invalid value for '--minutes'"),
        (("--engine", "apptainer"), 2, "Apptainer builds no image"),
        (("--engine", "process"), 1, "A trial needs 5 patients with all their files, but"),
    ],
)
def test_what_can_t_be_tried_is_refused_and_leaves_nothing(run, tmp_path, options, status, sentence):
    (tmp_path / "data").mkdir()
    where = ("try", "hnts_mrg", tmp_path / "data", "--output", tmp_path / "trial")
    found, stderr = run(*where, *options)
    assert (found, sentence in stderr) == (status, True)
    assert not (tmp_path / "trial").exists()


def test_another_challenge_is_refused_by_name(run, tmp_path):
    status, stderr = run("try", "no_such_challenge", tmp_path)
    assert status == 1
    assert "CHALLENGE must be one of han_seg, hecktor, hn_uiseg, hnts_mrg, recurrence" in stderr
