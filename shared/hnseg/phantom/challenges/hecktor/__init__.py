"""Synthetic patients of HECKTOR: CT, FDG-PET, health record, tumours, nodes and outcomes."""

from hnseg.phantom.challenges.hecktor.files import write_container_case
from hnseg.phantom.challenges.hecktor.patient import ANY, GRIDS, LAYOUTS, VARIANTS, Variant, draw_patient

__all__ = ["ANY", "GRIDS", "LAYOUTS", "VARIANTS", "Variant", "draw_patient", "write_container_case"]
