"""Planning and fitting folds with nnU-Net's planner and trainer."""
