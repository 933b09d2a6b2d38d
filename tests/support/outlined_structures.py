"""Seven structures that writers and readers of structure sets get wrong, in one label map."""

import numpy as np

NAMES = {1: "Ring", 2: "Island", 3: "TwoPieces", 4: "ThreeVoxels", 5: "Diagonal", 6: "L_Shape", 7: "Edge"}


def seven_structures(shape_zyx):
    """Return a label map (z, y, x) of at least (9, 36, 40) with each structure of `NAMES` on slices 2 to 6."""
    labels = np.zeros(shape_zyx, np.uint8)
    part = labels[2:7]
    part[:, 3:15, 3:15] = 1  # a ring
    part[:, 7:11, 7:11] = 0
    part[:, 3:17, 18:32] = 2  # a ring with an island
    part[:, 6:14, 21:29] = 0
    part[:, 9:11, 24:27] = 2
    part[:, 19:23, 3:8] = 3  # two pieces
    part[:, 19:22, 11:14] = 3
    labels[4, 25, 4:6] = labels[4, 26, 4] = 4  # three voxels
    part[:, 28:31, 3:6] = 5  # two squares that touch at a corner
    part[:, 31:34, 6:9] = 5
    part[:, 20:32, 17:20] = 6  # an L
    part[:, 29:32, 17:27] = 6
    part[:, 20:, 34:] = 7  # at the image's edge
    return labels
