"""Synthetic head-and-neck anatomy and its images: cases whose truth is known.

A challenge's phantoms are a module of its name with `draw_patient(seed, index, grid=..., variant=...)`, `GRIDS`,
`VARIANTS`, `ANY` (the variant that settles nothing) and `LAYOUTS`, the function that writes a patient by layout.
"""
