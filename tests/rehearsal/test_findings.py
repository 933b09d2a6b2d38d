from hnseg.rehearsal.findings import failure, first_failure, warning

EMPTY = failure("import", "Output directory 'x' is empty", "There must be one .mha file.")
MOVED = failure("evaluation", "", "The grid is another.")
LARGE = warning("model", "It is large.")


def test_the_headline_is_the_platforms_sentence_or_else_the_explanation():
    assert EMPTY.headline == "Output directory 'x' is empty"
    assert MOVED.headline == "The grid is another."


def test_only_a_failure_fails():
    assert first_failure([LARGE, MOVED, EMPTY]) is MOVED
    assert first_failure([LARGE]) is None
    assert first_failure([]) is None


def test_the_platform_shows_no_warning():
    assert (LARGE.severity, LARGE.platform_says) == ("warning", "")
