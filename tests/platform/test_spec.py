import math

import pytest
from pydantic import ValidationError

from hnseg.platform.spec import AnswerSocket, ChallengeSpec, InputSocket, MapSocket, ValueSocket

STAGE = {"slug": "stage", "relative_path": "stage.json", "title": "stage", "choices": ("T1", "T2"), "if_empty": "T1"}
DAYS = {"slug": "days", "relative_path": "days.json", "title": "days", "choices": None, "if_empty": 0}

WORDS = {"a": ("ehr", "acq-1"), "b": ("acq-1", "ehr")}


def rebuilt(spec, **changed):
    """The challenge again, checked: `model_copy` checks nothing."""
    return ChallengeSpec.model_validate(spec.model_dump() | changed)


@pytest.mark.parametrize("path", ["/ehr.json", "../ehr.json", "a/../../ehr.json", "ehr", "ehr.txt", "images/ehr"])
def test_a_values_and_an_answers_place_is_a_json_file_below_its_folder(path):
    with pytest.raises(ValidationError, match=r"must be a relative path without \.\. that ends in \.json, found"):
        ValueSocket(slug="ehr", relative_path=path, title="record")
    with pytest.raises(ValidationError, match=r"must be a relative path without \.\. that ends in \.json, found"):
        AnswerSocket(**STAGE | {"relative_path": path})


@pytest.mark.parametrize("path", ["ehr.json", "values/ehr.json"])
def test_it_may_lie_deeper(path):
    assert ValueSocket(slug="ehr", relative_path=path, title="record").relative_path == path


@pytest.mark.parametrize(
    ("socket", "value", "is_taken"),
    [
        (STAGE, "T2", True),
        (STAGE, "T3", False),
        (STAGE, "t2", False),
        (STAGE, 2, False),
        (STAGE, None, False),
        (DAYS, 812.5, True),
        (DAYS, -3, True),
        (DAYS, 0, True),
        (DAYS, "812.5", False),
        (DAYS, True, False),
        (DAYS, math.nan, False),
        (DAYS, -math.inf, False),
        (DAYS, 10**400, False),
        (DAYS, [1.0], False),
        (DAYS, None, False),
    ],
)
def test_an_answer_is_one_of_the_choices_or_a_finite_number(socket, value, is_taken):
    assert AnswerSocket(**socket).takes(value) is is_taken


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (STAGE | {"if_empty": "T9"}, "if_empty must be one of T1, T2, found 'T9'"),
        (STAGE | {"if_empty": 1.0}, "if_empty must be one of T1, T2, found 1.0"),
        (DAYS | {"if_empty": "none"}, "if_empty must be a finite number, found 'none'"),
        (DAYS | {"if_empty": math.nan}, "if_empty must be a finite number, found nan"),
    ],
)
def test_what_stands_beside_an_empty_label_map_must_be_an_answer_itself(changed, found):
    with pytest.raises(ValidationError, match=found):
        AnswerSocket(**changed)


def test_a_challenge_without_values_and_answers_is_as_before(spec):
    assert (spec.values, spec.answers) == ((), ())


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"values": [{"slug": "scan", "relative_path": "a.json", "title": "a"}]}, "slugs must be unique"),
        ({"answers": [STAGE | {"slug": "out"}]}, "slugs must be unique"),
        ({"answers": [STAGE, DAYS | {"slug": "stage"}]}, "slugs must be unique"),
        ({"answers": [STAGE, DAYS | {"relative_path": "stage.json"}]}, "paths must be unique"),
        ({"values": [{"slug": n, "relative_path": "a.json", "title": n} for n in "ab"]}, "paths must be unique"),
    ],
)
def test_no_two_sockets_of_a_direction_share_a_slug_or_a_place(spec, changed, found):
    with pytest.raises(ValidationError, match=found):
        rebuilt(spec, **changed)


def test_an_input_and_an_output_may_share_a_slug(spec):
    value = {"slug": "stage", "relative_path": "stage.json", "title": "stage before"}
    assert rebuilt(spec, values=[value], answers=[STAGE]).answers[0].slug == "stage"


def test_no_two_sockets_have_the_same_words_in_bids_names(spec):
    values = [{"slug": n, "relative_path": f"{n}.json", "title": n, "bids": words} for n, words in WORDS.items()]
    with pytest.raises(ValidationError, match="words of two sockets in BIDS names must differ"):
        rebuilt(spec, values=values)


def test_a_probability_is_that_of_the_only_label(spec):
    a_map = MapSocket(slug="likely", relative_path="images/likely", title="probability", kind="probability")
    with pytest.raises(ValidationError, match="a map of a probability needs exactly one label"):
        rebuilt(spec, maps=(a_map.model_dump(),))
    one = spec.output.model_dump() | {"labels": {1: "Tumour"}}
    found = rebuilt(spec, maps=(a_map.model_dump(),), output=one)
    assert found.has_map("probability")
    assert not found.has_map("entropy")


def test_the_images_are_the_label_map_and_then_the_maps(spec):
    a_map = MapSocket(slug="unsure", relative_path="images/unsure", title="entropy map")
    assert rebuilt(spec, maps=(a_map.model_dump(),)).image_outputs == (spec.output, a_map)
    assert spec.most_entropy == math.log(3)  # of two labels and background


@pytest.mark.parametrize(
    ("slug", "path", "found"),
    [
        ("out", "images/unsure", "slugs must be unique"),
        ("unsure", "images/out", "paths must be unique"),
        ("unsure", "images/out-entropy", "must not begin with that of another"),  # the platform would list both
    ],
)
def test_a_map_has_a_slug_and_a_folder_of_its_own(spec, slug, path, found):
    with pytest.raises(ValidationError, match=found):
        rebuilt(spec, maps=({"slug": slug, "relative_path": path, "title": "entropy map"},))


@pytest.mark.parametrize(("bids", "modality"), [(("ct",), "ct"), (("ses-midRT", "T2w"), "mr"), ((), "unknown")])
def test_the_last_word_of_a_bids_name_tells_an_images_modality(bids, modality):
    assert InputSocket(slug="a", relative_path="images/a", title="A", bids=bids).modality == modality


def test_any_json_is_taken_where_a_container_of_other_origin_answers(spec):
    socket = AnswerSocket(slug="list", relative_path="list.json", title="list", is_any_json=True, if_empty="")
    assert all(socket.takes(value) for value in (None, [1], {"a": "b"}, True, 3.0))
    assert socket.in_words == "any value"
    assert spec.foreign_outputs == ()
    assert spec.model_copy(update={"answers": (socket,)}).foreign_outputs == ("list",)


@pytest.mark.parametrize(
    ("words", "pet"),
    [(("ct", "pet"), "b"), (("ct", "T2w"), None), (("T2w", "pet"), None), (("ct", ""), None)],
    ids=["ct and pet", "no pet", "no ct", "not told"],
)
def test_the_pet_on_the_output_is_that_of_a_ct(spec, words, pet):
    sockets = [
        InputSocket(slug=slug, relative_path=f"images/{slug}", title=slug, bids=(word,) if word else ())
        for slug, word in zip("ab", words, strict=True)
    ]
    inputs = [socket.model_dump() for socket in sockets]
    changed = rebuilt(spec, inputs=inputs, output=spec.output.model_dump() | {"on_grid_of": "a"})
    found = changed.pet_on_output
    assert (found and found.slug) == pet
