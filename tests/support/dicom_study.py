"""DICOM studies made of images, as scanners write them: CT in Hounsfield units, PET in one unit or another, MR."""

import numpy as np
from pydicom import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage, generate_uid

from hnseg.imaging.geometry import Grid, array_of
from tests.support.dicom_series import headers_of

CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage, "PT": PositronEmissionTomographyImageStorage}
HALF_LIFE_S, DOSE_BQ, WEIGHT_KG = 6586.2, 3.7e8, 74.0
INJECTED, SCANNED = "083000", "093000"
DECAY = 2 ** (-3600 / HALF_LIFE_S)
"""What is left of the dose after the hour between these times."""
PET = {
    "Units": "BQML",
    "DecayCorrection": "START",
    "CorrectedImage": ["NORM", "DTIM", "ATTN", "SCAT", "DECY"],
    "PatientWeight": str(WEIGHT_KG),
    "SeriesDate": "20260102",
    "SeriesTime": SCANNED,
    "AcquisitionDate": "20260102",
    "AcquisitionTime": SCANNED,
}
"""Elements of a PET in Bq/ml, one hour after the injection."""


def injection(**values):
    """Return the sequence on the injection; a value of None takes its element away."""
    item = Dataset()
    given = {
        "RadiopharmaceuticalStartTime": INJECTED,
        "RadionuclideTotalDose": str(DOSE_BQ),
        "RadionuclideHalfLife": str(HALF_LIFE_S),
        **values,
    }
    for keyword, value in given.items():
        if value is not None:
            setattr(item, keyword, value)
    return Sequence([item])


def series_files(image, modality, *, study=None, frame=None, number="3", **values):
    """Return the files of an image as a series; a PET has a rescale slope of its own in each slice.

    Args:
        image: Image, in what its series is stored in, such as Bq/ml.
        modality: "CT", "MR" or "PT".
        study: Identifier of the study; a new one if left out.
        frame: Identifier of the frame of reference; a new one if left out.
        number: Series number.
        values: Elements that all files have besides; None takes one away.
    """
    array = array_of(image).astype(np.float64)
    files = headers_of(
        Grid.of(image), **({"RadiopharmaceuticalInformationSequence": injection()} | PET) if modality == "PT" else {}
    )
    study, frame = study or generate_uid(), frame or generate_uid()
    for elements, pixels in zip(files, array, strict=True):
        elements.SOPClassUID, elements.Modality, elements.SeriesNumber = CLASSES[modality], modality, number
        elements.StudyInstanceUID, elements.FrameOfReferenceUID = study, frame
        _store(elements, pixels, modality)
        for keyword, value in values.items():
            if value is None:
                delattr(elements, keyword)
            else:
                setattr(elements, keyword, value)
    return files


def _store(elements, pixels, modality):
    """Give a file its pixels: whole numbers, for a PET times the slope that makes its largest one 32767."""
    if modality == "PT":
        slope = float(f"{max(float(np.abs(pixels).max()), 1e-6) / 32767:.10g}")
        elements.RescaleSlope, elements.RescaleIntercept = f"{slope:.10g}", "0"
        elements.PixelData = np.rint(pixels / slope).clip(-32768, 32767).astype("<i2").tobytes()
        del elements.RescaleType
    elif modality == "CT":
        elements.RescaleIntercept, elements.PixelRepresentation = "-2048", 0
        elements.PixelData = (np.rint(pixels) + 2048).clip(0, 65535).astype("<u2").tobytes()
    else:
        elements.PixelData = np.rint(pixels).clip(-32768, 32767).astype("<i2").tobytes()
        del elements.RescaleIntercept, elements.RescaleSlope, elements.RescaleType
