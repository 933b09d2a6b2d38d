"""JSON answers as the platform imports them."""

import pytest

from hnseg.platform.spec import AnswerSocket
from hnseg.rehearsal.judging.answers import import_answers, in_short

STAGE = AnswerSocket(slug="stage", relative_path="t.json", title="T stage", choices=("T1", "T2"), if_empty="T1")
DAYS = AnswerSocket(slug="days", relative_path="more/days.json", title="survival", if_empty=0.0)


@pytest.fixture
def imported(tmp_path):
    """Import one answer from a file with this content; without content there is no file."""

    def run(socket, content, expected=None):
        for folder, text in (("output", content), ("expected", expected)):
            path = tmp_path / folder / socket.relative_path
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is not None:
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
        result = import_answers([socket], tmp_path / "output", tmp_path / "expected")
        return result.answers[socket.slug], result.findings

    return run


@pytest.mark.parametrize(
    ("socket", "content", "value"),
    [(STAGE, '"T2"', "T2"), (STAGE, ' "T1"\n', "T1"), (DAYS, "812.5", 812.5), (DAYS, "-3", -3), (DAYS, "1e3", 1000)],
)
def test_a_valid_answer_is_taken_as_it_is(imported, socket, content, value):
    answer, findings = imported(socket, content)
    assert (answer.given, answer.expected, findings) == (value, None, ())


@pytest.mark.parametrize(
    ("socket", "content", "says", "explains"),
    [
        pytest.param(
            STAGE, None, "Output file 't.json' was not produced",
            "The T stage must be one of T1, T2, as JSON in /output/t.json. Every", id="missing",
        ),
        pytest.param(STAGE, "T2", "The output file 't.json' is not valid json", "(line 1, column 1)", id="no quotes"),
        pytest.param(STAGE, "", "The output file 't.json' is not valid json", "(line 1, column 1)", id="empty"),
        pytest.param(STAGE, '"T2",', "The output file 't.json' is not valid json", "(line 1, column 5)", id="comma"),
        pytest.param(STAGE, b'\xef\xbb\xbf"T2"', "The output file 't.json' is not valid json", "column 1", id="mark"),
        pytest.param(
            DAYS, "[" * 100_000, "The output file 'more/days.json' is not valid json",
            "but can't be parsed (it is nested over 32 levels deep).", id="deep",
        ),
        pytest.param(
            DAYS, "[" * 900 + "]" * 900, "The output file 'more/days.json' is not valid json", "over 32 levels",
            id="900 levels",
        ),
        pytest.param(
            STAGE, '"' + "T" * (1 << 20) + '"', "The output file 't.json' is not valid json", "Larger than 1 MiB",
            id="too large",
        ),
        pytest.param(DAYS, "1e999", "instance is not of type 'number'", "found Infinity.", id="overflow"),
        pytest.param(DAYS, "9" * 400, "instance is not of type 'number'", "99999...", id="400 digits"),
        pytest.param(DAYS, "9" * 5000, "The output file 'more/days.json' is not valid json", "", id="5000 digits"),
        pytest.param(
            STAGE, '"\\ud800\\u001b[31m"',
            "instance '\\ud800\\x1b[31m' is not one of ['T1', 'T2']", 'found "\\ud800\\u001b[31m".',
            id="half a pair",
        ),
        pytest.param(STAGE, b'"\xe9"', "", "holds bytes that are not UTF-8", id="Latin-1"),
        pytest.param(
            STAGE, '"T9"',
            "The output file 't.json' is not valid. JSON does not fulfill schema: instance 'T9' is not one of"
            " ['T1', 'T2']",
            'found "T9".', id="no choice",
        ),
        pytest.param(
            STAGE, "2",
            "The output file 't.json' is not valid. JSON does not fulfill schema: instance is not one of ['T1', 'T2']",
            "found 2.", id="a number for a choice",
        ),
        pytest.param(
            STAGE, '{"t-stage": "T2"}', "is not one of ['T1', 'T2']", 'found {"t-stage": "T2"}.', id="an object",
        ),
        pytest.param(
            DAYS, "NaN",
            "The output file 'more/days.json' is not valid. JSON does not fulfill schema: instance is not of type"
            " 'number'",
            "The survival must be a finite number, as JSON in /output/more/days.json, found null, which NaN",
            id="NaN",
        ),
        pytest.param(DAYS, "-Infinity", "instance is not of type 'number'", "found null, which NaN", id="infinite"),
        pytest.param(DAYS, '"812.5"', "instance '812.5' is not of type 'number'", 'found "812.5".', id="text"),
        pytest.param(DAYS, "true", "instance is not of type 'number'", "found true.", id="true"),
    ],
)  # fmt: skip
def test_a_missing_or_invalid_answer_fails_in_the_platforms_words(imported, socket, content, says, explains):
    answer, (finding,) = imported(socket, content)
    assert answer.given is None
    assert finding.severity == "failure"
    assert finding.platform_says.endswith(says)
    assert bool(says) == bool(finding.platform_says)
    assert explains in finding.explanation


@pytest.mark.parametrize(
    ("expected", "value"), [('"T2"', "T2"), ("NaN", None), ("T2", None), (None, None), (b"\xff", None)]
)
def test_the_expected_answer_is_beside_it_where_an_expert_gave_one(imported, expected, value):
    answer, findings = imported(STAGE, '"T1"', expected)
    assert (answer.given, answer.expected, findings) == ("T1", value, ())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("T2", "T2"),
        (7, "7"),
        (1234567.125, "1.23457e+06"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 37 + "..."),
    ],
)
def test_a_value_is_shown_in_at_most_forty_characters(value, text):
    assert in_short(value) == text
