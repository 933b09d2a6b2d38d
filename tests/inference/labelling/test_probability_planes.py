import numpy as np
import pytest
from scipy.special import expit, softmax

from hnseg.inference.labelling.probability_planes import ProbabilityPlanes

LOGITS = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)


@pytest.mark.parametrize(("has_regions", "expected"), [(False, softmax(LOGITS, axis=0)), (True, expit(LOGITS))])
def test_planes_are_set_or_added_and_counted(has_regions, expected):
    array = np.ones((3, 6, 4, 5), np.float32)
    planes = ProbabilityPlanes(array, has_regions=has_regions)
    planes.put(0, LOGITS)
    planes.put(1, LOGITS)
    assert planes.count == 2
    np.testing.assert_allclose(array[:, 1], expected, rtol=1e-5)
    added = ProbabilityPlanes(array, has_regions=has_regions, added=True)
    added.put(0, LOGITS)
    np.testing.assert_allclose(array[:, 0], 2 * expected, rtol=1e-5)
    assert (array[:, 2:] == 1).all()
