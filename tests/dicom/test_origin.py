import pytest

from hnseg.dicom.origin import Origin
from hnseg.errors import InputError


def test_what_is_known_is_told_in_words():
    assert Origin().in_words == "a program that is not known"
    assert Origin("hnseg", "0.1.0", "AB" * 32).in_words == f"hnseg 0.1.0, model sha256 {'ab' * 32}"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"program": "x" * 65}, "--program must have at most 64 characters, in ASCII"),
        ({"program": "a\\b"}, "--program must have"),
        ({"version": "β"}, "--program-version must have"),
        ({"model_sha256": "12"}, "--model-sha256 must have 64 hexadecimal digits"),
    ],
    ids=str,
)
def test_what_dicom_cannot_hold_is_refused(values, sentence):
    with pytest.raises(InputError, match=sentence):
        Origin(**values)
