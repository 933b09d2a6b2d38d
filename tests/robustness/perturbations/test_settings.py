from hnseg.robustness.perturbations.settings import AS_PUBLISHED, Settings


def test_the_published_choices_are_the_defaults():
    assert Settings(spike_reference="real", spike_compound=True, motion_about="origin") == AS_PUBLISHED
