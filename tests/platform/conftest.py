from datetime import date

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.platform.case import Case
from hnseg.platform.spec import AnswerSocket, ChallengeSpec, InputSocket, Limits, OutputSocket, ValueSocket

# An oblique grid, with numbers that no short decimal holds.
SPACING_MM = (1 / 3, 0.7, 2.1)
ORIGIN_MM = (-100.1, 33.3, 1 / 7)
DIRECTION = sitk.VersorTransform((0.1, -0.2, 1.0), 0.3).GetMatrix()
LABELS = {1: "Tumour", 2: "Node"}


@pytest.fixture
def spec():
    """A challenge with a scan, its optional prior mask, and an optional map of its own grid."""
    return ChallengeSpec(
        name="toy",
        title="A toy challenge",
        inputs=(
            InputSocket(slug="scan", relative_path="images/the-scan", title="scan"),
            InputSocket(
                slug="prior",
                relative_path="images/prior",
                title="prior mask",
                labels=LABELS,
                required=False,
                on_grid_of="scan",
            ),
            InputSocket(slug="extra", relative_path="images/extra", title="extra scan", required=False),
        ),
        output=OutputSocket(
            slug="out", relative_path="images/out", title="label map", labels=LABELS, on_grid_of="scan"
        ),
        limits=Limits(time_s=60, ram_gib=1, vram_gib=1, source="made up", read_on=date(2025, 1, 1)),
    )


@pytest.fixture
def asking(spec):
    """The same challenge with a health record, asking for a stage and a number of days."""
    values = (ValueSocket(slug="record", relative_path="ehr.json", title="health record"),)
    stage = AnswerSocket(slug="stage", relative_path="t.json", title="T stage", choices=("T1", "T2"), if_empty="T1")
    days = AnswerSocket(slug="days", relative_path="more/days.json", title="survival", if_empty=0.0)
    return spec.model_copy(update={"values": values, "answers": (stage, days)})


@pytest.fixture
def make_image():
    """An image of an array (z, y, x), counting up where none is given, on the oblique grid."""

    def make(array=None, *, spacing_mm=SPACING_MM, origin_mm=ORIGIN_MM, direction=DIRECTION):
        array = np.arange(60, dtype=np.int16).reshape(3, 4, 5) if array is None else array
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(spacing_mm)
        image.SetOrigin(origin_mm)
        image.SetDirection(direction)
        return image

    return make


@pytest.fixture
def input_dir(tmp_path):
    folder = tmp_path / "input"
    folder.mkdir()
    return folder


@pytest.fixture
def put(input_dir):
    """Write an image into a folder of the input, and return its path."""

    def write(image, folder="images/the-scan", name="0a1b.mha", *, compress=True):
        path = input_dir / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image, str(path), compress)
        return path

    return write


@pytest.fixture
def case(make_image, tmp_path):
    scan = make_image()
    return Case(images={"scan": scan}, reference=scan, files={"scan": tmp_path / "scan.mha"})
