import json

import pytest

from tests.support.engine import engine

pytestmark = pytest.mark.engine


def configuration(image):
    return json.loads(engine("image", "inspect", image).stdout)[0]["Config"]


def python(image, program):
    return engine("run", "--rm", "--network=none", "--entrypoint=python", image, "-c", program).stdout.strip()


def test_each_generation_says_which_it_is(image, invoke_image):
    assert configuration(image)["Labels"]["org.grand-challenge.api-method"] == "exec"
    assert configuration(invoke_image)["Labels"]["org.grand-challenge.api-method"] == "invoke"


def test_its_user_is_a_number_and_not_root(image):
    assert configuration(image)["User"] == "10001:10001"


def test_it_holds_one_challenge_and_nothing_of_the_repository_beside_the_core(image):
    listing = "import os; print(*sorted(os.listdir('/opt/app')), *sorted(os.listdir('/opt/app/containers')))"
    found = set(python(image, listing).split()) - {"__pycache__"}
    assert found == {"hnseg", "containers", "__init__.py", "__main__.py", "hnts_mrg"}
    assert python(image, "import os; print(os.listdir('/opt/ml/model'))") == "[]"


def test_the_network_needs_no_package_that_the_image_lacks(image):
    program = (
        "import importlib.util, dynamic_network_architectures.architectures.unet;"
        "import hnseg.inference.loading, hnseg.inference.predictor;"
        "print([n for n in ('timm', 'torchvision', 'nnunetv2', 'typer', 'matplotlib') if importlib.util.find_spec(n)])"
    )
    assert python(image, program) == "[]"


def test_everything_of_ours_is_compiled(image):
    program = (
        "from pathlib import Path; app = Path('/opt/app');"
        "print(len(list(app.rglob('*.py'))), len(list(app.rglob('*.pyc'))))"
    )
    sources, compiled = python(image, program).split()
    assert sources == compiled


def test_a_challenge_that_does_not_exist_can_not_be_built(build):
    with pytest.raises(AssertionError, match="no_such_challenge"):
        build("no_such_challenge")


def test_a_challenge_must_be_named(build):
    with pytest.raises(AssertionError, match="CHALLENGE"):
        build("")


def test_an_edition_is_built_in(build):
    environment = configuration(build("hecktor", edition="2025"))["Env"]
    assert "HNSEG_EDITION=2025" in environment


def test_without_an_edition_the_challenges_own_is_taken(image):
    assert "HNSEG_EDITION=" in configuration(image)["Env"]


@pytest.mark.parametrize(("challenge", "found"), [("hecktor", "one of 2025, 2026"), ("hnts_mrg", "left out")])
def test_an_edition_that_does_not_exist_can_not_be_built(build, challenge, found):
    with pytest.raises(AssertionError, match=f"must be {found}.* but '1999' was asked for"):
        build(challenge, edition="1999")
