import json

import pytest

from containers.hecktor.spec import CT, EHR, PET, SPEC
from hnseg.errors import InputError
from hnseg.rehearsal.preparing.input_list import OLDER, Dialect, write_input_list
from hnseg.rehearsal.preparing.new_spec.inputs import InputKind, describe_inputs
from hnseg.rehearsal.preparing.spec_file import load_spec
from tests.support.small_challenges import HECKTOR, HNTS_MRG

WRITTEN = [dialect for dialect in (Dialect.TODAY, *OLDER) if dialect is not Dialect.NONE]


@pytest.fixture
def described(tmp_path):
    """Describe the inputs of a list with these entries."""

    def describe(entries):
        file = tmp_path / "inputs.json"
        file.write_text(entries if isinstance(entries, str) else json.dumps(entries), encoding="utf-8")
        return describe_inputs(file)

    return describe


def image(path, **keys):
    return {"socket": {"slug": "scan", "relative_path": path, "super_kind": "Image", **keys}}


@pytest.mark.parametrize("dialect", WRITTEN)
def test_every_dialect_describes_the_sockets_of_the_spec(tmp_path, dialect):
    HECKTOR.write_case(tmp_path)
    write_input_list(SPEC, tmp_path, dialect)
    found = describe_inputs(tmp_path / "inputs.json")
    assert [(one.slug, one.relative_path) for one in found] == [
        (CT, "images/ct"),
        (PET, "images/pet"),
        (EHR, "ehr.json"),
    ]
    assert [one.kind for one in found] == [InputKind.IMAGE, InputKind.IMAGE, InputKind.JSON]


def test_names_of_labels_are_the_platforms(tmp_path):
    spec = load_spec(HNTS_MRG.container_dir)
    HNTS_MRG.write_case(tmp_path)
    write_input_list(spec, tmp_path, Dialect.TODAY)
    labels = {one.slug: dict(one.labels) for one in describe_inputs(tmp_path / "inputs.json")}
    assert labels == {socket.slug: socket.labels or {} for socket in spec.inputs if socket.slug in labels}
    assert {1: "GTVp", 2: "GTVn"} in labels.values()


def test_the_names_of_files_and_the_values_are_not_taken_over(described):
    entry = image("images/ct") | {"image": {"name": "Doe_Jane.mha", "pk": "1"}}
    value = {"socket": {"slug": "ehr", "relative_path": "ehr.json", "super_kind": "Value"}, "value": {"Name": "Doe"}}
    assert "Doe" not in repr(described([entry, value]))


def test_other_files_are_of_their_own_kind(described):
    other = {"interface": {"slug": "plan", "relative_path": "plan.pdf", "super_kind": "File"}}
    assert [one.kind for one in described([image("images/ct"), other])] == [InputKind.IMAGE, InputKind.FILE]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ("not JSON", "must be the platform's inputs.json, but is not JSON"),
        ({"slug": "scan"}, "must be a JSON list with an object a socket"),
        ([], "must describe an image, by slug and relative_path"),
        ([{"socket": {"slug": "scan"}}, 3], "must describe an image, by slug and relative_path"),
        ([image("../images/ct")], "must give paths below /input, but gives '../images/ct'"),
        ([image("/input/images/ct")], "must give paths below /input"),
        ([image("images/\x1b[31m")], "must give paths below /input"),
    ],
)
def test_what_describes_no_image_is_refused(described, entries, sentence):
    with pytest.raises(InputError, match=sentence):
        described(entries)


def test_a_list_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must be a file, but .* can't be read"):
        describe_inputs(tmp_path / "inputs.json")
