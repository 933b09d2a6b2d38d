"""Images and label maps in space: grids, intensities, connected pieces, gradient maps, registration."""
