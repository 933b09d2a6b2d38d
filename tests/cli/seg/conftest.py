from functools import partial

import pytest


@pytest.fixture
def hnseg(hnseg):
    """Return a function that runs `hnseg seg`: status, and what was printed."""
    return partial(hnseg, "seg")
