"""Summary of grades: its keys."""

import json

from hnseg.robustness.grading.summary import summarise_grades
from tests.support.made_up_grades import made_up_grades


def test_the_keys_of_the_json_file():
    report = json.loads(summarise_grades(made_up_grades(), draws=20, seed=3).model_dump_json())
    assert list(report) == ["structures", "perturbed", "flows", "bootstrap"]
    assert report["bootstrap"] == {"draws": 20, "seed": 3}
    assert report["structures"]["GTVp"]["usable_share"] == {"A": 0.75, "B": 0.75, "C": 1.0}
    assert set(report["structures"]["GTVp"]["quadratic_kappa"]) == {"A vs B", "A vs C", "B vs C"}
    assert report["perturbed"]["GTVp"]["usable_share"] == {"A": 0.0, "B": 0.0}


def test_the_same_seed_gives_the_same_intervals():
    one, again = (summarise_grades(made_up_grades(), draws=20, seed=3) for _ in range(2))
    assert one == again
    assert one != summarise_grades(made_up_grades(), draws=20, seed=4)
