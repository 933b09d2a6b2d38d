"""HECKTOR 2025 and 2026: head-and-neck tumours on FDG-PET/CT; in the newer edition stage and survival, too."""
