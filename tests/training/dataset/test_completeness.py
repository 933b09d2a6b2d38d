from hnseg_training.dataset.completeness import listed


def test_five_names_are_shown_and_the_others_counted():
    assert listed(["a"]) == "a"
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdef")) == "a, b, c, d, e and 1 more"
