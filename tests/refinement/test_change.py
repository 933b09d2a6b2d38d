"""Change of a click in millilitres, from counts of voxels."""

from hnseg.refinement.change import StructureChange, structure_changes


def test_each_structure_is_told_before_and_after_with_what_came_and_went():
    flows = {(0, 1): 30, (2, 1): 10, (1, 0): 5, (2, 0): 7}
    told = structure_changes(flows, {0: 900, 1: 60, 2: 40}, {"GTVp": 1, "GTVn": 2}, voxel_ml=0.01)
    assert told == {
        "GTVp": StructureChange(before_ml=0.6, after_ml=0.95, added_ml=0.4, removed_ml=0.05),
        "GTVn": StructureChange(before_ml=0.4, after_ml=0.23, added_ml=0.0, removed_ml=0.17),
    }


def test_a_structure_that_is_nowhere_has_no_volume():
    told = structure_changes({}, {0: 10}, {"GTVp": 1}, voxel_ml=0.5)
    assert told == {"GTVp": StructureChange(0.0, 0.0, 0.0, 0.0)}
