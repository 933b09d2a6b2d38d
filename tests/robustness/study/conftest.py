"""Small case of HECKTOR with its reference, as a study takes it."""

from __future__ import annotations

import pytest

from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.finding.references import with_references
from hnseg.platform.challenge import load_challenge
from tests.support.small_challenges import HECKTOR


@pytest.fixture
def spec():
    return load_challenge(HECKTOR.container_dir).spec


@pytest.fixture
def case(spec, tmp_path):
    HECKTOR.write_case(tmp_path / "cases/case_000/input")
    HECKTOR.write_reference(tmp_path, tmp_path / "cases/case_000/expected")
    (found,) = with_references(find_cohort(tmp_path / "cases", spec), spec.output).cases
    return found
