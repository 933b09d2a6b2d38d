"""Synthetic patients of each challenge: one module a challenge, named as the challenge.

Each has `draw_patient(seed, index, grid=..., variant=...)`, the names of its grids `GRIDS`, its `Variant`s by name
`VARIANTS`, the variant without fixed properties `ANY`, and `LAYOUTS`, a function a layout that writes a patient.
`hnseg.discovery` finds the modules by name.
"""
