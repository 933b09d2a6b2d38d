"""Comparison of two methods with images."""

from __future__ import annotations

import pytest

from hnseg.evaluation.recurrence.comparison import compare
from hnseg.evaluation.recurrence.methods import Method, find_cohort
from tests.support.recurrence_patients import write_cohort, write_images


@pytest.fixture(scope="session")
def cohort(tmp_path_factory):
    """Patients with a probability, a method and images."""
    root = write_cohort(tmp_path_factory.mktemp("recurrence"))
    write_images(root / "images")
    methods = [Method("<net>", probabilities=root / "probability"), Method("none", root / "none")]
    return find_cohort(methods, root / "references", images=root / "images")


@pytest.fixture(scope="session")
def comparison(cohort):
    """Comparison of these."""
    return compare(cohort, core="ultimate", options={"core": "ultimate"})
