"""Names of patients in every text element of DICOM files, to be looked for in what programs print and write."""

from pydicom.datadict import DicomDictionary

PLANTED = ("Mustermann", "Planted")
"""What is planted; no program may repeat it."""
_TEXTS = {"LO": "Planted Mustermann", "SH": "Mustermann", "PN": "Mustermann^Planted", "ST": "Planted Mustermann",
          "LT": "Planted Mustermann", "UT": "Planted Mustermann", "UC": "Planted Mustermann"}  # fmt: skip
_GROUPS = (0x0008, 0x0010, 0x0018, 0x0020, 0x0028, 0x0032, 0x0040)


def with_planted_names(files):
    """Return files with a planted text in every element of free text; all of them in every tenth file, to be quick."""
    texts = {
        keyword: _TEXTS[vr]
        for tag, (vr, _, _, retired, keyword) in DicomDictionary.items()
        if vr in _TEXTS and keyword and not retired and tag >> 16 in _GROUPS
    }
    for place, elements in enumerate(files):
        for keyword, text in texts.items():
            if place % 10 == 0 or keyword in elements:
                setattr(elements, keyword, text)
        elements.PatientID = "Mustermann-1"
    return files
