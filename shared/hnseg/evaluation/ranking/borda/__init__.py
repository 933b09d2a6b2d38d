"""Borda ranking of teams by measures over all cases, as HECKTOR 2025 ranks."""
