from hnseg.selftest.passes import PARTS, pass_by_parts, time_passes


def test_a_pass_has_a_time_for_each_part(subject):
    parts = pass_by_parts(subject, subject.load())
    assert tuple(parts) == PARTS
    assert all(milliseconds > 0 for milliseconds in parts.values())


def test_the_first_pass_stands_beside_the_later_ones(subject):
    first, by_parts = time_passes(subject, repeats=2)
    assert "later ones" in first.found
    assert "torch, float32" in first.found
    assert all(part in by_parts.found for part in PARTS)
    assert {first.state, by_parts.state} == {"measured"}
