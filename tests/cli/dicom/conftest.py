from functools import partial

import pytest


@pytest.fixture
def hnseg(hnseg):
    """Return a function that runs `hnseg dicom`: status, and what was printed."""
    return partial(hnseg, "dicom")
