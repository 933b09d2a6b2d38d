import pytest

from hnseg.imaging.modality import modality_of_suffix


@pytest.mark.parametrize(
    ("suffix", "modality"),
    [("ct", "ct"), ("pet", "pet"), ("T1w", "mr"), ("T2w", "mr"), ("dseg", "unknown"), ("", "unknown")],
)
def test_a_bids_suffix_tells_the_modality(suffix, modality):
    assert modality_of_suffix(suffix) == modality
