"""Rigid registration of two images of one patient: `register_rigid` in `rigid.py` is the place to start."""

from hnseg.imaging.registration.gate import Gate, Quality
from hnseg.imaging.registration.pyramid import HOUNSFIELD, Intensities
from hnseg.imaging.registration.rigid import Registration, RegistrationSettings, Report, register_rigid

__all__ = [
    "HOUNSFIELD",
    "Gate",
    "Intensities",
    "Quality",
    "Registration",
    "RegistrationSettings",
    "Report",
    "register_rigid",
]
