"""Hardening of a network: perturbations of images as augmentation of its training patches."""
