"""Synthetic patients of HN-UISeg: those of HECKTOR without a health record, some with a file of clicks."""

from hnseg.phantom.challenges.hn_uiseg.patient import (
    ANY,
    GRIDS,
    LAYOUTS,
    VARIANTS,
    Variant,
    draw_patient,
    write_container_case,
)

__all__ = ["ANY", "GRIDS", "LAYOUTS", "VARIANTS", "Variant", "draw_patient", "write_container_case"]
