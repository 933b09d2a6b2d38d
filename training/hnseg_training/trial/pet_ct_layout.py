"""Layout of PET/CT patients with tumour and nodes, as HECKTOR 2022, 2025 and 2026 have it."""

from __future__ import annotations

from hnseg_training.trial.layout import Layout

_PATIENT = r"(?P<patient>(?:(?!__)[^/])+)"


def pet_ct_layout(*, ct: str, pet: str) -> Layout:
    """Return the layout.

    Args:
        ct: Slug of the CT's socket.
        pet: Slug of the PET's, which a patient may lack.
    """
    return Layout(
        images={ct: rf"{_PATIENT}__CT\.nii\.gz", pet: rf"{_PATIENT}__PT\.nii\.gz"},
        required=(ct,),
        truths=rf"{_PATIENT}\.nii\.gz",
    )
