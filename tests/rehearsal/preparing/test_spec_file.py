import sys

import pytest

from hnseg.errors import InputError
from hnseg.platform.challenge import load_challenge
from hnseg.rehearsal.preparing.spec_file import SPEC_FILE, load_spec
from tests.support.answering.spec import EDITIONS
from tests.support.small_challenges import CHALLENGES, HNTS_MRG, ROOT

ANSWERING = ROOT / "tests" / "support" / "answering"


@pytest.fixture
def lone(tmp_path):
    """A folder that no module can be named after, below one that is named as a module of Python, with a spec alone."""
    folder = tmp_path / "json" / "my spec-1"
    folder.mkdir(parents=True)
    (folder / SPEC_FILE).write_bytes((HNTS_MRG.container_dir / SPEC_FILE).read_bytes())
    return folder


@pytest.mark.parametrize("challenge", CHALLENGES, ids=lambda challenge: challenge.name)
def test_a_shipped_spec_is_the_challenges(challenge):
    assert load_spec(challenge.container_dir) == load_challenge(challenge.container_dir).spec


def test_nothing_else_is_needed_and_nothing_is_left_behind(lone):
    before = list(sys.path), set(sys.modules)
    assert load_spec(lone) == load_challenge(HNTS_MRG.container_dir).spec
    assert (sys.path, set(sys.modules)) == before
    assert [path.name for path in lone.iterdir()] == [SPEC_FILE]


def test_an_edition_is_chosen_by_its_name():
    assert load_spec(ANSWERING, "quiet") == EDITIONS["quiet"]
    with pytest.raises(InputError, match="must be one of quiet, asking, but 'loud' was asked for"):
        load_spec(ANSWERING, "loud")


def test_a_folder_without_a_spec_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"must hold spec\.py, but .* does not\. .* hnseg rehearse --new-spec writes one"
    ):
        load_spec(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("SPEC = 1\n", r"must define SPEC, a ChallengeSpec, and may define EDITIONS"),
        ("SPEC =\n", r"running it failed \(SyntaxError: invalid syntax"),
        ("import no_such_module\n", r"running it failed \(ModuleNotFoundError: No module named 'no_such_module'\)"),
        (
            "from hnseg.platform.spec import InputSocket\nInputSocket(slug='a', title='b')\n",
            r"must describe a challenge, but relative_path is missing\. Was a value left out",
        ),
    ],
)
def test_a_file_that_describes_nothing_is_refused_with_the_reason(tmp_path, text, sentence):
    (tmp_path / SPEC_FILE).write_text(text, encoding="ascii")
    with pytest.raises(InputError, match=sentence):
        load_spec(tmp_path)
