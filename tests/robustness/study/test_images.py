"""Images that a study can perturb, of the challenges that there are."""

import pytest

from hnseg.errors import InputError
from hnseg.platform.challenge import load_challenge
from hnseg.robustness.study.images import choose_images, images_of
from tests.support.small_challenges import HAN_SEG, HECKTOR, HN_UISEG, HNTS_MRG

EXPECTED = [
    (HECKTOR, [("CT", "ct"), ("PET", "pet")]),
    (HN_UISEG, [("CT", "ct"), ("PET", "pet")]),
    (HAN_SEG, [("CT", "ct"), ("T1 MR", "mr")]),
    (HNTS_MRG, [("mid-RT T2w", "mr"), ("registered pre-RT T2w", "mr"), ("pre-RT T2w", "mr")]),
]


def spec_of(challenge):
    return load_challenge(challenge.container_dir).spec


@pytest.mark.parametrize(("challenge", "expected"), EXPECTED, ids=lambda value: getattr(value, "name", ""))
def test_images_are_those_of_intensities_with_their_modality(challenge, expected):
    found = images_of(spec_of(challenge)).values()
    assert [(image.title, image.modality) for image in found] == expected


def test_no_word_chooses_all_and_a_word_is_a_modality_or_a_slug():
    spec = spec_of(HNTS_MRG)
    first, *_ = every = tuple(images_of(spec))
    assert choose_images(spec, []) == choose_images(spec, ["mr"]) == every
    assert choose_images(spec, [first]) == (first,)
    assert choose_images(spec_of(HECKTOR), ["pet"]) == ("pet-image",)


def test_an_unknown_word_is_refused_with_those_that_are_known():
    with pytest.raises(InputError, match=r"which are ct, pet, ct-image, pet-image, but found 'mr'\. Is it misspelt"):
        choose_images(spec_of(HECKTOR), ["mr"])
