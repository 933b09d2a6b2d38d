import logging

from hnseg_training.dataset.survey.leftovers import grouped, leftovers_in, log_leftovers


def make(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_what_is_neither_converted_nor_known_is_named(tmp_path):
    make(tmp_path, "1/ct.mha", "1/._ct.mha", "1/known.txt", "1/notes.txt", "1_v2/ct.mha", "__MACOSX/1/ct.mha")
    found = leftovers_in(tmp_path, {tmp_path / "1/ct.mha"}, known=lambda path: path.name == "known.txt")
    assert list(found) == ["1/notes.txt", "1_v2/"]


def test_names_that_differ_in_numbers_are_one_group():
    names = [*(f"{number}/extra_{number}.nii.gz" for number in range(150)), "CHUM-004_v2/", "a\x1b.txt"]
    assert grouped(names) == ["0/extra_0.nii.gz and 149 more like it", "CHUM-004_v2/", "a\\x1b.txt"]


def test_five_groups_are_logged_and_the_others_counted(caplog):
    caplog.set_level(logging.INFO)
    log_leftovers([f"{letter}.txt" for letter in "abcdefg"])
    log_leftovers([])
    expected = "a.txt; b.txt; c.txt; d.txt; e.txt; and 2 other kinds, in conversion.json"
    assert caplog.messages == [f"not understood, and not converted: {expected}"]
