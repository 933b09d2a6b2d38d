"""Case of a challenge from a folder of DICOM files, in the folders that a container reads. Read this first."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.dicom.inputs.choice import Chosen, choose_series
from hnseg.dicom.inputs.fitting import image_sockets
from hnseg.dicom.inputs.keys import asked_series
from hnseg.dicom.inputs.structures import ChosenStructures, asked_structures, choose_structures
from hnseg.dicom.inputs.writing import write_input, write_series_images
from hnseg.dicom.series.series import Series
from hnseg.dicom.structure_set.painting import paint
from hnseg.dicom.survey.survey import survey_folder
from hnseg.errors import InputError, OutputError
from hnseg.imaging.files.formats import images_in
from hnseg.imaging.geometry import image_of
from hnseg.platform.spec import ChallengeSpec

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DicomCase:
    """Choice of what fills the inputs of a case.

    Attributes:
        spec: Description of the sockets.
        chosen: Series by the slug of their sockets.
        structures: Structures, in the same way.
    """

    spec: ChallengeSpec
    chosen: Chosen
    structures: Mapping[str, ChosenStructures]

    def check_reference(self) -> None:
        """Refuse a case on whose series no file of DICOM can lie.

        Raises:
            InputError: The image that the label map is on the grid of was not among the DICOM files.
        """
        _ = self.reference

    @property
    def reference(self) -> Series:
        """Series on whose grid the challenge's label map is, and that a structure set of it belongs to.

        Raises:
            InputError: That image was not among the DICOM files.
        """
        slug = self.spec.output.on_grid_of
        entry = self.chosen.get(slug)
        if entry is None or entry.series is None:
            raise InputError(
                f"The {self.spec.input(slug).title} must be a DICOM series to write DICOM, but it is given as a file."
            )
        return entry.series


def choose_case(
    spec: ChallengeSpec,
    folder: Path,
    *,
    series: Sequence[str] = (),
    structures: Sequence[str] = (),
    given: Path | None = None,
) -> DicomCase:
    """Choose what fills the inputs of a case.

    Args:
        spec: Description of the sockets.
        folder: Folder of DICOM files.
        series: Pairs such as `ct=3`, which name series.
        structures: Pairs such as `GTV=GTVp`, which name structures.
        given: Folder with the sockets' folders of images that are given as files; None for none.

    Raises:
        InputError: There is no series for a required image, several may be meant, or a file can't be used.
    """
    survey = survey_folder(folder)
    names = asked_structures(structures, spec)
    asked = asked_series(series, spec)
    filled = {one.slug for one in spec.inputs if given is not None and images_in(given / one.relative_path)}
    if twice := sorted(filled & {*asked, *names}):
        raise InputError(
            f"Each input must be given once, but {', '.join(twice)} is asked for of the DICOM files and is in {given}."
        )
    of_images = {one.slug for one in image_sockets(spec)}
    of_series = {slug: number for slug, number in asked.items() if slug in of_images}
    chosen = choose_series(spec, survey, of_series, filled=filled)
    of_labels = {slug: number for slug, number in asked.items() if slug not in of_images}
    return DicomCase(spec, chosen, choose_structures(spec, survey, chosen, of_labels, names, filled=filled))


def write_case(case: DicomCase, input_dir: Path, *, given: Path | None = None) -> dict[str, Path]:
    """Write the images of a case into the folders of their sockets.

    Args:
        case: What fills its inputs.
        input_dir: Folder that receives the sockets' folders; it does not exist, or is empty.
        given: Folder with images and values that are given as files, which are copied; None for none.

    Returns:
        File of each image made of DICOM, by slug.

    Raises:
        InputError: Pixels or contours can't be used.
        OutputError: An image can't be written.
    """
    try:
        if given is not None:
            shutil.copytree(given, input_dir, dirs_exist_ok=True)
    except OSError as error:  # among them that of copytree, a list of several
        reason = error.strerror or "a file could not be copied"
        raise OutputError(f"The inputs of {given} must be copied to {input_dir}, but that failed: {reason}.") from error
    files = write_series_images(case.spec, case.chosen, input_dir)
    for slug, found in case.structures.items():
        files[slug] = _write_structures(case.spec, slug, found, input_dir)
    return files


def _write_structures(spec: ChallengeSpec, slug: str, found: ChosenStructures, input_dir: Path) -> Path:
    socket = spec.input(slug)
    label_map = image_of(paint(found.by_label, found.series, found.title).label_map, found.series.grid)
    path = write_input(socket, label_map, input_dir)
    labels = socket.labels or {}
    told = ", ".join(f"{labels[value]} is structure {each.number}" for value, each in sorted(found.by_label.items()))
    logger.info("%s: %s of %s", socket.title, told, found.title)
    return path
