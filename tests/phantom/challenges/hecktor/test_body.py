"""Bodies of HECKTOR patients: the lesions they are drawn around, and their share of metal and arms."""

from __future__ import annotations

import numpy as np

from hnseg.phantom.body.lesions import Burden
from hnseg.phantom.challenges.hecktor.body import Body


def bodies(count):
    rng = np.random.default_rng(2)
    burden = Burden.draw(rng, primary=True, node_count=2)
    return burden, [Body.draw(rng, burden) for _ in range(count)]


def test_a_body_keeps_its_lesions_and_its_enlarged_nodes_keep_away_from_them():
    burden, drawn = bodies(12)
    for body in drawn:
        assert body.burden is burden
        (reactive,) = (structure for structure in body.structures if structure.name == "ReactiveNodes")
        for node in reactive.shapes:
            gaps = [
                np.linalg.norm(np.subtract(node.centre, one.mass.centre)) - max(one.mass.radii) for one in burden.all
            ]
            assert min(gaps) > 2 * node.radii[0]


def test_one_body_in_three_has_metal_and_one_in_two_the_arms():
    _, drawn = bodies(80)
    with_arms = [any(structure.name == "ArmBone" for structure in body.structures) for body in drawn]
    assert 0.2 < np.mean([bool(body.metal) for body in drawn]) < 0.5
    assert 0.35 < np.mean(with_arms) < 0.65
    assert all(1 / 1.06 <= extent <= 1 / 0.95 for body in drawn for extent in body.size)
