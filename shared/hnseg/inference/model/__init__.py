"""A trained ensemble on disk: nnU-Net's result folder or an exported bundle, its plans, weights and architecture."""
