"""Patients with recurrences, written once."""

from __future__ import annotations

import pytest

from hnseg.evaluation.recurrence.comparison import compare
from hnseg.evaluation.recurrence.methods import Method, find_cohort
from tests.support.recurrence_patients import write_cohort, write_images


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """Folder with references, methods, and images."""
    folder = write_cohort(tmp_path_factory.mktemp("recurrence"))
    write_images(folder / "images")
    return folder


@pytest.fixture(scope="session")
def cohort(root):
    """Patients with a probability and three methods, and their images."""
    methods = [
        Method("net", probabilities=root / "probability"),
        *(Method(name, root / name) for name in ("all", "first", "none")),
    ]
    return find_cohort(methods, root / "references", images=root / "images")


@pytest.fixture(scope="session")
def comparison(cohort):
    """Comparison of these."""
    return compare(cohort, core="ultimate", options={"core": "ultimate"})
