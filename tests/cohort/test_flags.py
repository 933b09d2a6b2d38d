import pytest

from hnseg.cohort.flags import FLAG_WORDS, Flag, flags_of
from hnseg.inference.model.structure_range import StructureRange
from tests.support.made_up_cohort import facts, measures

EXPECTED = {
    "GTVp": StructureRange(
        cases=60, empty=0, volume_ml=(2, 8, 30), most_components=1, at_border=0,
        position_mm=((-20, 20), (0, 30), (100, 200)),
    ),
    "GTVn": StructureRange(
        cases=60, empty=20, volume_ml=(1, 4, 30), most_components=3, at_border=30,
        position_mm=((-40, 40), (0, 30), (100, 200)),
    ),
}  # fmt: skip


def found(structures=None, expected=EXPECTED, **other):
    """The kinds of the flags of a case, each with its structure."""
    made = facts(GTVp=8.0, GTVn=4.0) | other
    made["structures"] |= {name: value.model_dump(mode="json") for name, value in (structures or {}).items()}
    return [(flag.kind, flag.structure) for flag in flags_of(made, expected)]


def sentences(**provenance):
    return [flag.sentence for flag in flags_of({"provenance": provenance}, {})]


def test_a_case_like_the_training_data_has_none():
    assert found() == []


@pytest.mark.parametrize(
    ("structure", "flag"),
    [
        ({"GTVp": measures(200.0)}, ("volume", "GTVp")),
        ({"GTVp": measures(8.0, 9)}, ("components", "GTVp")),
        ({"GTVp": measures(0.0)}, ("empty", "GTVp")),
        ({"GTVp": measures().model_copy(update={"position_mm": (90.0, 12.0, 160.0)})}, ("position", "GTVp")),
        ({"GTVp": measures(touches_border=True)}, ("border", "GTVp")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_departs_from_the_training_data_is_flagged(structure, flag):
    assert found(structure) == [flag]


def test_what_is_common_in_the_training_data_is_not():
    assert found({"GTVn": measures(0.0)}) == []
    assert found({"GTVn": measures(4.0, touches_border=True)}) == []


def test_a_case_with_nothing_segmented_has_one_flag():
    assert found({"GTVp": measures(0.0), "GTVn": measures(0.0)}) == [("empty", "")]


def test_without_training_data_many_pieces_and_the_border_are_flagged():
    assert found({"GTVp": measures(900.0, 10)}, expected={}) == []
    assert found({"GTVp": measures(8.0, 11, touches_border=True)}, expected={}) == [
        ("components", "GTVp"),
        ("border", "GTVp"),
    ]


def test_a_structure_on_which_the_members_disagree_is_flagged_with_the_reasons():
    agreement = {
        "GTVp": {"look_at_this": True, "because": ["Their mean Dice is 0.5.", "Volumes differ."]},
        "GTVn": {"look_at_this": False, "because": []},
    }
    given = facts(GTVp=8.0)
    given["provenance"] |= {"uncertainty": {"structures": agreement}}
    assert flags_of(given, {}) == (
        Flag(
            kind="uncertain",
            structure="GTVp",
            sentence="The members of the ensemble disagree on GTVp. Their mean Dice is 0.5. Volumes differ.",
        ),
    )


@pytest.mark.parametrize("uncertainty", [None, {}, {"structures": {}}], ids=["none", "empty", "no structures"])
def test_without_uncertainty_there_is_no_flag_for_it(uncertainty):
    assert sentences(uncertainty=uncertainty) == []


def test_a_refused_registration_is_flagged_with_the_reason():
    record = {"status": "rejected", "reason": "the images agree too little", "quality": None}
    assert sentences(registration=record) == [
        "An image was left out, since it could not be registered: the images agree too little."
    ]


@pytest.mark.parametrize(
    ("correlation", "drift_mm", "flags"), [(0.25, 1.0, 0), (0.20, 1.0, 1), (0.25, 3.0, 1)], ids=["good", "low", "drift"]
)
def test_a_barely_accepted_registration_is_flagged(correlation, drift_mm, flags):
    quality = {"correlation": correlation, "drift_mm": drift_mm}
    assert len(sentences(registration={"status": "registered", "reason": "", "quality": quality})) == flags


FULL = {"folds": 5, "mirrors": 8, "step": 0.5}


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        ({"folds": 3.52}, "3.52 of 5 folds on average"),
        (
            {"mirrors": 1.0, "step": 0.75},
            "1 of 8 mirrored copies on average and tiles 0.75 instead of 0.5 of a patch apart",
        ),
    ],
    ids=["folds", "mirrors and tiles"],
)
def test_effort_that_was_given_up_is_flagged(spent, words):
    said = sentences(effort_spent=FULL | spent, effort_full=FULL)
    assert said == [f"To end in time, less was done than asked for: {words}."]


def test_full_effort_and_effort_that_is_not_known_are_not():
    assert sentences(effort_spent=FULL, effort_full=FULL) == []
    assert sentences(effort_spent=FULL) == []


def test_every_kind_has_words():
    kinds = Flag.model_fields["kind"].annotation.__args__
    assert list(FLAG_WORDS) == list(kinds)
