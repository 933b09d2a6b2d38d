"""Rigid registration of two images of one patient: `register_rigid` in `rigid.py` is the place to start."""

from hnseg.imaging.registration.gate import Gate
from hnseg.imaging.registration.pyramid import Intensities
from hnseg.imaging.registration.rigid import Registration, RegistrationSettings, register_rigid

__all__ = ["Gate", "Intensities", "Registration", "RegistrationSettings", "register_rigid"]
