"""Synthetic patients with locoregional recurrences: HECKTOR's scans, target volumes, and where the tumour came back."""

from hnseg.phantom.challenges.recurrence.files import LAYOUTS, write_container_case
from hnseg.phantom.challenges.recurrence.patient import ANY, GRIDS, VARIANTS, Variant, draw_patient

__all__ = ["ANY", "GRIDS", "LAYOUTS", "VARIANTS", "Variant", "draw_patient", "write_container_case"]
