"""Flows of grades, counted by hand."""

import numpy as np

from hnseg.robustness.grading.flows import flows_between_observers, flows_under_perturbation
from tests.support.made_up_grades import made_up_grades


def test_flows_between_observers():
    flows = flows_between_observers(made_up_grades())
    assert [(one.one, one.other, one.of, int(np.sum(one.counts))) for one in flows] == [
        ("A", "B", "baseline", 8), ("A", "C", "baseline", 2), ("B", "C", "baseline", 2), ("A", "B", "perturbed", 2),
    ]  # fmt: skip
    counts = np.array(flows[0].counts)
    assert counts[4].tolist() == [0, 0, 0, 1, 1]  # A's two grades of 5: B gave 4 and 5
    assert counts[3].tolist() == [0, 0, 1, 1, 0]


def test_flows_from_a_case_to_its_perturbed_variant():
    flows = flows_under_perturbation(made_up_grades())
    assert [(one.of, int(np.sum(one.counts))) for one in flows] == [("A", 2), ("B", 2)]
    counts = np.array(flows[1].counts)
    assert (counts[3, 0], counts[3, 1]) == (1, 1)  # B gave both a 4 before, a 1 and a 2 after
