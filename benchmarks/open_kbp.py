"""Seven organs of real radiotherapy patients, laid out as HaN-Seg's public data for a small cross-validation.

    python benchmarks/open_kbp.py layout shared/data/ct_headneck_openkbp --output build/open_kbp/HaN-Seg
    hnseg-train convert han_seg build/open_kbp/HaN-Seg --output build/open_kbp/work --no-mr-channel
    hnseg-train plan    han_seg --work build/open_kbp/work --preset demo-coarse-ct
    hnseg-train fit     han_seg --work build/open_kbp/work --folds 0,2,4 --threads 1 --validate & \
    hnseg-train fit     han_seg --work build/open_kbp/work --folds 1,3   --threads 1 --validate; wait

The patients are 36 of OpenKBP (Babier et al. 2021, doi:10.1002/mp.14845): planning CTs of about 4 x 4 x 2.5 mm, with
five to seven of the organs outlined, and no MR. It is not HaN-Seg: the grid is coarser by a factor of four in each
direction of a slice, and 23 of its 30 organs have no mask in any patient.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import SimpleITK as sitk

ORGANS = {
    1: "Brainstem",
    2: "SpinalCord",
    3: "Parotid_R",
    4: "Parotid_L",
    5: "Bone_Mandible",
    6: "Larynx_SG",
    7: "Esophagus_S",
}
"""HaN-Seg's names of the organs, by their label in the label maps of OpenKBP."""


def main() -> None:
    """Lay the patients out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("layout", help="write the patients in HaN-Seg's public layout")
    verb.add_argument("patients", type=Path, help="folder of pt_<n>_ct.nii.gz and pt_<n>_seg.nii.gz")
    verb.add_argument("--output", type=Path, required=True, help="folder to make set_1 in")
    arguments = parser.parse_args()
    lay_out(arguments.patients, arguments.output)


def lay_out(patients: Path, output: Path) -> list[Path]:
    """Write the CT and the mask of each organ that a patient's label map has.

    Args:
        patients: Folder of pt_<n>_ct.nii.gz and pt_<n>_seg.nii.gz.
        output: Folder to make set_1 in, with a folder case_<n> a patient.

    Returns:
        The patients' folders.
    """
    folders = []
    for ct in sorted(patients.glob("pt_*_ct.nii.gz"), key=lambda path: int(path.name.split("_")[1])):
        name = f"case_{int(ct.name.split('_')[1]):02d}"
        folder = output / "set_1" / name
        folder.mkdir(parents=True)
        sitk.WriteImage(sitk.ReadImage(str(ct)), str(folder / f"{name}_IMG_CT.nrrd"), useCompression=True)
        label_map = sitk.ReadImage(str(ct.with_name(ct.name.replace("_ct", "_seg"))))
        for label, organ in ORGANS.items():
            mask = label_map == label
            if sitk.GetArrayViewFromImage(mask).any():
                sitk.WriteImage(mask, str(folder / f"{name}_OAR_{organ}.seg.nrrd"), useCompression=True)
        folders.append(folder)
    return folders


if __name__ == "__main__":
    main()
