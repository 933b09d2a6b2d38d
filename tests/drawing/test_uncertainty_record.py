import pytest

from hnseg.drawing.uncertainty_record import uncertainty_in

STRUCTURE = {
    "volume_ml": 2.0,
    "volume_p5_ml": 1.5,
    "volume_p95_ml": 2.5,
    "dice_between_members": None,
    "mean_entropy": 0.4,
    "look_at_this": True,
    "because": ["The mean entropy inside is 0.40."],
}


def record(**changed):
    return {"uncertainty": {"members": 5, "members_seen": 5.0, "structures": {"GTVp": STRUCTURE | changed}}}


def test_the_core_s_record_is_read():
    found = uncertainty_in(record())
    assert found.members == 5
    assert found.structures["GTVp"].look_at_this
    assert found.structures["GTVp"].because == ("The mean entropy inside is 0.40.",)


@pytest.mark.parametrize(
    "provenance",
    [
        None,
        {},
        {"uncertainty": "high"},
        {"uncertainty": {"members": 5}},
        record(volume_ml="much"),
        record(mean_entropy=-1),
    ],
)
def test_what_is_none_or_not_as_the_core_writes_it_is_not_shown(provenance):
    assert uncertainty_in(provenance) is None
