"""Artefacts of one image that are judged without another: spikes, strong noise, a strong bias field."""
