"""Sizes with which a self-test takes seconds."""

from hnseg.selftest.checks import Sizes
from hnseg.selftest.step_down import FOR_PROCESSOR
from hnseg.selftest.untrained import Shape

SMALL = Shape((8, 16, 16), (4, 8))
"""Ensemble of which a pass takes milliseconds."""
SMALL_SIZES = Sizes(SMALL, FOR_PROCESSOR, 64, Shape((8, 16, 16), (4, 8), labels=31), (16, 32, 32))
