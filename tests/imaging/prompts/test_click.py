import pytest

from hnseg.imaging.prompts.click import Click


@pytest.mark.parametrize(
    ("structure", "is_positive", "words"),
    [("GTVp", True, "GTVp"), ("GTVn", False, "not GTVn"), (None, True, "tumor"), (None, False, "background")],
)
def test_click_is_named_as_in_a_file(structure, is_positive, words):
    assert Click(structure, is_positive, (0.0, 0.0, 0.0)).in_words == words
