"""Phantoms: synthetic head-and-neck patients and their images, with known label maps.

A phantom is made in three steps, each in a folder that imports only from the ones before it: `body` paints tissues on
a grid, `scanners` turn tissues into CT, MR and PET, and `challenges` write the files of a challenge.
"""
