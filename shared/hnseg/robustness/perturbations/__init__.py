"""Perturbations of images by artefacts of their acquisition: six kinds at three severities.

The kinds, the parameters and the order of the axes are those of Schanne, Cuenot et al., who segmented the head-and-neck
tumours of HECKTOR 2022 in images perturbed by TorchIO 0.20.4 (Pérez-García et al., 2021). The operators are this
project's own, need at most two volumes beside the input (motion four), and are tested against TorchIO's.

Records name axes (x, y, z), arrays are (z, y, x). An image of (x, y, z) is taken as published: its first voxel is the
origin, its axes are those of the patient, to the right, to the front and to the head.
"""
