"""Apptainer as an engine, as on clusters without Docker: one program, no service, images in .sif files.

Written from the documentation and the source of Apptainer (apptainer/apptainer at 917d665, 2026-08-18); its older name
is Singularity.
"""
