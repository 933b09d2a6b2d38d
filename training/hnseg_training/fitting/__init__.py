"""Planning and training of folds with nnU-Net's planner and trainer."""
