"""Facts of exported folds."""

from hnseg_training.graphs.exported import READABLE, Exported


def test_folds_are_weights_where_nothing_else_is_said():
    exported = Exported(folds=(0, "all"), configuration="3d_fullres", mirroring_axes=(0, 1))
    assert exported.graphs is None


def test_everybody_may_read_a_bundle_and_its_owner_alone_may_write():
    assert oct(READABLE) == "0o644"
