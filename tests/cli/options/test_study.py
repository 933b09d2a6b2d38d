"""Options of a study of robustness."""

from pathlib import Path

import pytest

from hnseg.cli.options.study import StudyFolders, StudyOptions
from hnseg.errors import InputError
from hnseg.platform.challenge import load_challenge
from hnseg.robustness.study.variants import Choice
from tests.support.small_challenges import HECKTOR


@pytest.fixture
def spec():
    return load_challenge(HECKTOR.container_dir).spec


def test_all_is_chosen_by_default(spec):
    assert StudyOptions().choice(spec) == Choice(("ct-image", "pet-image"))


def test_lists_have_commas_and_keep_the_order_of_the_study(spec):
    options = StudyOptions(modalities="pet", kinds="noise, spike", severities="3,1")
    assert options.choice(spec) == Choice(("pet-image",), kinds=("spike", "noise"), severities=(1, 3))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"kinds": "smoke"}, "--kinds must be one of motion, ghosting, spike, bias, noise, blur, found 'smoke'"),
        ({"severities": "0"}, "--severities must be one of 1, 2, 3, found '0'"),
        ({"severities": ","}, "--severities must name at least one of 1, 2, 3, found ','"),
        ({"modalities": "mr"}, "--modalities must name modalities or images of HECKTOR"),
    ],
)
def test_what_is_not_known_is_refused(spec, options, sentence):
    with pytest.raises(InputError, match=sentence):
        StudyOptions(**options).choice(spec)


def test_a_study_names_the_first_folder_that_it_lacks():
    given = StudyFolders(model_dir=Path("model"), output_dir=Path("out"))
    assert given.needed(Path("containers/hecktor"), Path("cases")) == tuple(
        map(Path, ("containers/hecktor", "cases", "model", "out"))
    )
    with pytest.raises(InputError, match="but the folder of the challenge was left out"):
        given.needed(None, Path("cases"))
    with pytest.raises(InputError, match="but --model was left out"):
        StudyFolders(output_dir=Path("out")).needed(Path("containers/hecktor"), Path("cases"))
