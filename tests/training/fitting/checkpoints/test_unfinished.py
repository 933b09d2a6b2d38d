from hnseg_training.fitting.checkpoints.unfinished import remove_unfinished, unfinished_beside


def test_what_a_killed_training_left_is_removed_and_nothing_else(tmp_path):
    checkpoint = tmp_path / "checkpoint_latest.pth"
    checkpoint.write_bytes(b"whole")
    unfinished_beside(checkpoint).write_bytes(b"cut")
    remove_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint_latest.pth"]
