"""HECKTOR 2025 and 2026: head-and-neck tumours on FDG-PET/CT, and what the newer edition asks besides."""
