"""dcmqi, which reads and writes segmentations, run from the environment that `.ci/readers` made."""

import json
import subprocess

import numpy as np
import SimpleITK as sitk

from hnseg.dicom.series.alignment import aligned
from tests.support.structure_set_programs import folder_of


def labels_by_dcmqi(path, grid, output):
    """Return the labels (z, y, x) of a segmentation on a grid, as dcmqi reads it into files of an empty folder."""
    _dcmqi("segimage2itkimage", "--inputDICOM", path, "--outputDirectory", output, "--prefix", "seg")
    labels = np.zeros(grid.shape_zyx, np.uint8)
    for file in output.glob("seg-*.nrrd"):
        image = sitk.ReadImage(str(file))
        values = aligned(
            sitk.Resample(
                sitk.Cast(image, sitk.sitkUInt8), _reference(grid), sitk.Transform(), sitk.sitkNearestNeighbor
            ),
            grid,
            file,
        )
        labels = np.where(values > 0, values, labels)
    return labels


def written_by_dcmqi(label_map, names, series, path):
    """Write a segmentation of a label map's file by dcmqi; return its path."""
    described = path.with_suffix(".json")
    described.write_text(json.dumps(_description(names)))
    given = ["--inputImageList", label_map, "--inputDICOMDirectory", series, "--inputMetadata", described]
    _dcmqi("itkimage2segimage", *given, "--outputDICOM", path)
    return path


def _reference(grid):
    image = sitk.Image(grid.size_xyz, sitk.sitkUInt8)
    image.SetSpacing(grid.spacing_mm)
    image.SetOrigin(grid.origin_mm)
    image.SetDirection(grid.direction)
    return image


def _description(names):
    code = {"CodeValue": "85756007", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Tissue"}
    segments = [
        {
            "labelID": label,
            "SegmentDescription": name,
            "SegmentLabel": name,
            "SegmentAlgorithmType": "MANUAL",
            "SegmentedPropertyCategoryCodeSequence": code,
            "SegmentedPropertyTypeCodeSequence": code,
        }
        for label, name in names.items()
    ]
    return {
        "ContentCreatorName": "Test",
        "SeriesDescription": "Test",
        "SeriesNumber": "300",
        "InstanceNumber": "1",
        "segmentAttributes": [segments],
    }


def _dcmqi(program, *arguments):
    command = [folder_of("dcmqi") / "bin" / program, *arguments]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
