"""Synthetic patients of each challenge: a module of the challenge's name.

Each has `draw_patient(seed, index, grid=..., variant=...)`, `GRIDS`, `VARIANTS`, `ANY` (the variant that settles
nothing) and `LAYOUTS`, the function that writes a patient by layout.
"""
