from types import SimpleNamespace

import pytest

from containers.hnts_mrg import method
from hnseg.errors import InputError
from hnseg.platform.challenge import Challenge, load_challenge
from hnseg.platform.spec import MapSocket
from tests.support.answering.spec import EDITIONS, QUIET
from tests.support.small_challenges import HNTS_MRG, ROOT

ANSWERING = ROOT / "tests" / "support" / "answering"


def test_without_a_name_the_edition_is_the_specs_own():
    assert load_challenge(ANSWERING).spec == EDITIONS["asking"]
    assert load_challenge(ANSWERING, "").spec == EDITIONS["asking"]


@pytest.mark.parametrize("name", ["quiet", "asking"])
def test_an_edition_is_chosen_by_its_name(name):
    assert load_challenge(ANSWERING, name).spec == EDITIONS[name]


def test_an_unknown_edition_is_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"edition of hnts_mrg must be one of quiet, asking, but '2024' was asked for"):
        load_challenge(ANSWERING, "2024")


def test_a_challenge_of_one_edition_has_no_name_for_it():
    assert load_challenge(HNTS_MRG.container_dir).spec.name == "hnts_mrg"
    with pytest.raises(InputError, match="must be left out, since there is only one, but '2024' was asked for"):
        load_challenge(HNTS_MRG.container_dir, "2024")


def test_a_spec_with_answers_needs_a_method_that_answers():
    with pytest.raises(InputError, match=r"must have a function answer, .* \(stage, volume\), but method\.py defines"):
        Challenge(EDITIONS["asking"], method)
    answering = SimpleNamespace(**vars(method), answer=lambda *_: None)
    assert Challenge(EDITIONS["asking"], answering).spec.answers


@pytest.mark.parametrize("name", ["han_seg", "hecktor", "hnts_mrg"])
def test_an_installed_challenge_is_loaded_by_its_name(name):
    by_name, by_folder = load_challenge(name), load_challenge(ROOT / "containers" / name)
    assert by_name.spec.name == name
    assert by_name.spec == by_folder.spec
    assert by_name.method is by_folder.method


def test_an_unknown_challenge_is_refused_with_those_there_are():
    known = "han_seg, hecktor, hn_uiseg, hnts_mrg, recurrence"
    with pytest.raises(InputError, match=f"must be one of {known}, but 'hnts-mrg' was asked for"):
        load_challenge("hnts-mrg")


def test_a_path_as_text_is_refused_with_the_cure():
    with pytest.raises(InputError, match=r"'containers/hnts_mrg' was asked for\. .* to be given as a pathlib\.Path\?"):
        load_challenge("containers/hnts_mrg")


def test_a_folder_that_is_no_challenge_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must hold spec\.py and method\.py"):
        load_challenge(tmp_path)


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        ({"output": QUIET.output.model_copy(update={"keeps_grid": False})}, "mri-head-neck-segmentation"),
        ({"output": QUIET.output.model_copy(update={"labels": {}})}, "mri-head-neck-segmentation"),
        ({"maps": (MapSocket(slug="heat", relative_path="images/heat", title="heat", kind="other"),)}, "heat"),
    ],
)
def test_outputs_that_no_method_writes_are_refused_with_the_way(changed, slug):
    with pytest.raises(InputError, match=rf"describes others \({slug}\)\. Only an image that exists can write them"):
        Challenge(QUIET.model_copy(update=changed), method)
