import pytest

from containers.hecktor.spec import SPEC as HECKTOR
from containers.hnts_mrg.spec import SPEC as HNTS_MRG
from hnseg.dicom.inputs.keys import NONE, asked_series, option_of, socket_keys
from hnseg.errors import InputError


def test_a_key_is_the_modality_where_it_is_single():
    assert socket_keys(HECKTOR) == {"ct-image": "ct", "pet-image": "pet"}
    assert socket_keys(HNTS_MRG)["mid-rt-t2w-head-neck"] == "mid-rt-t2w-head-neck"


@pytest.mark.parametrize("words", [["ct=3,pet=5"], ["ct=3 pet=5"], ["ct=3", "pet=5"], ["CT-image=3, pet=5,"]])
def test_pairs_may_be_apart_by_commas_blanks_or_options(words):
    assert asked_series(words, HECKTOR) == {"ct-image": 3, "pet-image": 5}


def test_an_optional_input_can_be_left_empty():
    assert asked_series(["pet=none"], HECKTOR) == {"pet-image": NONE}
    assert option_of({"ct-image": 3, "pet-image": NONE}, HECKTOR) == "--series ct=3,pet=none"


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("mr=3", "must have pairs such as ct=1, of ct, pet, with numbers .* but there is 'mr=3'"),
        ("ct", "but there is 'ct'"),
        ("ct=0", "but there is 'ct=0'"),
        ("ct=\x1b", r"but there is 'ct=\\\\x1b'"),
        ("ct=1,ct=2", "must name each input once, but ct is there twice"),
        ("ct=none", "but the CT is required"),
    ],
)
def test_what_is_no_pair_is_refused(word, sentence):
    with pytest.raises(InputError, match=sentence):
        asked_series([word], HECKTOR)
