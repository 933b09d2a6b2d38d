"""Other people's readers and writers of structure sets, run by the Pythons of their own environments.

HNSEG_TEST_READERS names the folder in which `.ci/readers` made an environment for each: plastimatch, dcmrtstruct2nii,
platipy and rt-utils.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.dicom.series.alignment import aligned
from hnseg.imaging.geometry import Grid, array_of, image_of

VARIABLE = "HNSEG_TEST_READERS"

READERS = {
    "dcmrtstruct2nii": """
import sys
from dcmrtstruct2nii import dcmrtstruct2nii
file, series, output = sys.argv[1:]
dcmrtstruct2nii(file, series, output, convert_original_dicom=False)
""",
    "platipy": """
import sys
from platipy.dicom.io.rtstruct_to_nifti import convert_rtstruct
file, series, output = sys.argv[1:]
convert_rtstruct(series, file, prefix="mask_", output_dir=output)
""",
    "rt-utils": """
import sys
import numpy as np
from rt_utils import RTStructBuilder
file, series, output = sys.argv[1:]
found = RTStructBuilder.create_from(dicom_series_path=series, rt_struct_path=file)
for name in found.get_roi_names():
    np.save(f"{output}/mask_{name}.npy", found.get_roi_mask_by_name(name))
""",
}

WRITERS = {
    "rt-utils": """
import sys
import numpy as np
from rt_utils import RTStructBuilder
masks, series, output = sys.argv[1:]
made = RTStructBuilder.create_new(dicom_series_path=series)
for name, mask in np.load(masks).items():
    made.add_roi(mask=mask.transpose(1, 2, 0), name=name)
made.save(output)
""",
}


def folder_of(program):
    """Return the environment of a program; None where there is none."""
    folder = Path(os.environ.get(VARIABLE, "nowhere"), program)
    return folder if (folder / "bin" / "python").exists() else None


def masks_by(program, file, series, grid, output):
    """Return the masks (z, y, x) of a structure set by the names of its structures, as a program reads them.

    Args:
        program: "plastimatch" or one of `READERS`.
        file: The structure set.
        series: Folder of the series.
        grid: Grid of the series.
        output: Empty folder for the program's files.
    """
    if program == "plastimatch":
        written = ["--output-prefix", output, "--prefix-format", "nii.gz"]
        _plastimatch("convert", "--input", file, "--referenced-ct", series, *written)
        found = {path.name.removesuffix(".nii.gz"): path for path in output.glob("*.nii.gz")}
    else:
        _python(program, READERS[program], file, series, output)
        found = {path.name.removeprefix("mask_").split(".")[0]: path for path in output.glob("mask_*")}
    return {name: _mask(path, grid) for name, path in found.items()}


def write_by(program, label_map, names, series, output):
    """Write a structure set of a label map on a series by a program; return its file.

    Args:
        program: "plastimatch" or one of `WRITERS`.
        label_map: Image with the labels of `names` on the series' grid.
        names: Names by label.
        series: Folder of the series.
        output: Empty folder for the program's files.
    """
    labels = array_of(label_map)
    if program == "plastimatch":
        bits, listed = output / "bits.nrrd", output / "names.txt"
        sitk.WriteImage(image_of((1 << labels.astype(np.uint32)) >> 1, Grid.of(label_map)), str(bits))
        listed.write_text("".join(f"{label - 1}|255 0 0|{name}\n" for label, name in names.items()))
        given = ["--input-ss-img", bits, "--input-ss-list", listed, "--referenced-ct", series]
        _plastimatch("convert", *given, "--output-dicom", output / "dicom")
        return next((output / "dicom").glob("rtss*"))
    masks = output / "masks.npz"
    np.savez(masks, **{name: labels == label for label, name in names.items()})
    _python(program, WRITERS[program], masks, series, output / "rs.dcm")
    return output / "rs.dcm"


def _mask(path, grid):
    if path.suffix == ".npy":
        return np.load(path).transpose(2, 0, 1)
    return aligned(sitk.Cast(sitk.ReadImage(str(path)) > 0, sitk.sitkUInt8), grid, path) > 0


def _python(program, text, *arguments):
    _run([folder_of(program) / "bin" / "python", "-W", "ignore", "-c", text, *arguments])


def _plastimatch(*arguments):
    _run([folder_of("plastimatch") / "bin" / "plastimatch", *arguments])


def _run(command):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
