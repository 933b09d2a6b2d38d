import importlib.util
import os
import sys

import pytest


@pytest.fixture(scope="session")
def python_with_panimg():
    """The Python that has panimg: this one, or the one named by HNSEG_TEST_PANIMG."""
    if named := os.environ.get("HNSEG_TEST_PANIMG"):
        return named
    if importlib.util.find_spec("panimg") is None:
        pytest.skip("panimg is not installed here, and HNSEG_TEST_PANIMG names no Python that has it")
    return sys.executable
