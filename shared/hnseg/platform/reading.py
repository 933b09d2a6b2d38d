"""Reading of a case from the mounted sockets, with every check that its challenge promises."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.artefacts.check import check_image
from hnseg.imaging.files.checksum import sha256_of
from hnseg.imaging.files.formats import MOUNTED, READ, has_suffix
from hnseg.imaging.files.reading import read_grid, read_scan, read_volume
from hnseg.imaging.geometry import Grid, resample_label_map
from hnseg.platform.case import Case
from hnseg.platform.input_files import InputFiles
from hnseg.platform.inputs_json import input_paths
from hnseg.platform.spec import ChallengeSpec, InputSocket
from hnseg.platform.values import read_values
from hnseg.provenance import Provenance

_ASKED_FOR = tuple(suffix for suffix in MOUNTED if suffix in READ)


def find_input_files(spec: ChallengeSpec, input_dir: Path) -> InputFiles:
    """Return the files of a case that is laid out as the platform mounts it.

    Args:
        spec: Description of the sockets.
        input_dir: Folder with the sockets' folders and perhaps `inputs.json`; may be a symbolic link.

    Raises:
        InputError: A required image is missing, or there are two.
    """
    paths = input_paths(spec, input_dir)
    found = {socket.slug: _image_if_any(socket, paths.folders[socket.slug]) for socket in spec.inputs}
    images = {slug: path for slug, path in found.items() if path is not None}
    return InputFiles(images=images, values=paths.files, inside=input_dir, notes=paths.notes)


def read_case(spec: ChallengeSpec, inputs: Path | InputFiles) -> Case:
    """Read and check every input socket of a case once.

    Args:
        spec: Description of the sockets and of what each promises.
        inputs: Folder with the sockets' folders and perhaps `inputs.json`, which may be a symbolic link; or the files
            by socket. They are only read.

    Returns:
        Case with intensities in the voxel type of their file and label maps as uint8. An empty optional socket gives no
        image. Neither does a dispensable one whose image breaks what it promises, nor a value that can't be read: then
        `left_out` has the sentence that says why. Images that promise a grid have it to the last bit.

    Raises:
        InputError: A required image is missing, there are two, or one breaks what its socket promises.
        MemoryError: There is not enough memory for an image.
    """
    given = inputs if isinstance(inputs, InputFiles) else find_input_files(spec, inputs)
    values = read_values(spec, given.values)
    images: dict[str, sitk.Image] = {}
    files: dict[str, Path] = {}
    left_out: dict[str, str] = {}
    for socket in _sockets_with_image(spec, given):
        path = given.images[socket.slug]
        try:
            images[socket.slug] = read_image(socket, path, inside=given.inside)
        except InputError as error:
            if not socket.dispensable:
                raise
            left_out[socket.slug] = str(error)
        else:
            files[socket.slug] = path
    notes = [note for socket in spec.inputs if (note := _lay_on_grid(spec, socket, images, files, left_out))]
    return Case(
        images=images,
        reference=images[spec.output.on_grid_of],
        files=files | values.files,
        left_out=left_out | values.left_out,
        values=values.parsed,
        notes=(*given.notes, *notes),
        asked=tuple(socket.slug for socket in spec.answers),
    )


def read_image(socket: InputSocket, path: Path, *, inside: Path | None = None) -> sitk.Image:
    """Read and check one image as its socket describes it, wherever the file lies.

    Args:
        socket: Description of the image; its folder does not matter.
        path: Image file.
        inside: Folder that no symbolic link may lead out of; None for links to anywhere.

    Returns:
        Image with the voxel type of the file, or, for a socket with labels, a label map as uint8.

    Raises:
        InputError: The image breaks what its socket promises.
        MemoryError: There is not enough memory for it.
    """
    if socket.labels is None:
        return read_scan(path, title=socket.title, inside=inside)
    return read_volume(path, title=socket.title, labels=socket.labels, inside=inside)


def read_reference_grid(spec: ChallengeSpec, input_dir: Path) -> Grid:
    """Return the grid that the output must have, from the header of the reference image alone.

    Raises:
        InputError: The reference image is missing or its header can't be read.
    """
    socket = spec.input(spec.output.on_grid_of)
    path = _only_image(socket, input_paths(spec, input_dir).folders[socket.slug])
    return read_grid(path, title=socket.title, inside=input_dir)


def read_and_record(spec: ChallengeSpec, inputs: Path | InputFiles, provenance: Provenance) -> Case:
    """Read a case as `read_case` does, and judge its images, which refuses none; all of it is recorded.

    Args:
        spec: Description of the sockets and of what each promises.
        inputs: Folder with the sockets' folders, or the files by socket.
        provenance: Record that is added to: notes, checksums of the files, and the figures of artefacts in the images.

    Raises:
        InputError: A required image is missing, there are two, or one breaks what its socket promises.
        MemoryError: There is not enough memory for an image.
    """
    with provenance.step("read"):
        case = read_case(spec, inputs)
        provenance.note(*case.notes)
        provenance.record(inputs_sha256={slug: sha256_of(path) for slug, path in case.files.items()})
    with provenance.step("check"):
        scans = [one for one in spec.inputs if one.labels is None and one.slug in case.images]
        checks = {socket: check_image(case.images[socket.slug], socket.modality) for socket in scans}
        provenance.record(image_check={socket.slug: check.record for socket, check in checks.items()})
        for socket, check in checks.items():
            provenance.note(*check.notes(socket.title))
    return case


def _sockets_with_image(spec: ChallengeSpec, given: InputFiles) -> list[InputSocket]:
    """Return the sockets that have an image, in the spec's order.

    Raises:
        InputError: A required one has none.
    """
    for socket in spec.inputs:
        if socket.required and socket.slug not in given.images:
            raise InputError(
                f"Every case must have the {socket.title}, but none was given for {socket.slug}."
                " Is its file missing, or named otherwise than the others'?"
            )
    return [socket for socket in spec.inputs if socket.slug in given.images]


def _image_if_any(socket: InputSocket, folder: Path) -> Path | None:
    """Return the file of a socket's image; None where it is optional and missing."""
    names, _ = _contents(folder)
    return _only_image(socket, folder) if socket.required or _images_among(names) else None


def _only_image(socket: InputSocket, folder: Path) -> Path:
    """Return the file of the one image in a socket's folder."""
    names, state = _contents(folder)
    found = _images_among(names)
    if not found:
        raise InputError(
            f"Exactly one image, the {socket.title}, must lie in {folder}, but the folder {state}."
            f" Is the input mounted there, as one of {', '.join(_ASKED_FOR)}?"
        )
    if len(found) > 1:
        raise InputError(
            f"Exactly one image, the {socket.title}, must lie in {folder}, but there are {len(found)}:"
            f" {', '.join(found[:3])}. Was more than one case put into the input?"
        )
    return folder / found[0]


def _contents(folder: Path) -> tuple[list[str], str]:
    """Return the sorted names of a folder's visible files, and the words for a folder that has no image among them."""
    try:
        names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        return [], f"can't be listed ({error.strerror})"
    return names, f"holds only {', '.join(names[:3])}" if names else "is empty"


def _images_among(names: list[str]) -> list[str]:
    return [name for name in names if has_suffix(name, MOUNTED)]


def _lay_on_grid(
    spec: ChallengeSpec,
    socket: InputSocket,
    images: dict[str, sitk.Image],
    files: dict[str, Path],
    left_out: dict[str, str],
) -> str:
    """Lay an image on the grid that it promises, where both images are there; return a note on what was forgiven.

    A grid that is close is taken for the promised one. On any other grid, a dispensable label map is resampled, another
    dispensable image is left out, and the rest are refused.
    """
    if socket.on_grid_of is None or socket.slug not in images or socket.on_grid_of not in images:
        return ""
    image, wanted = images[socket.slug], Grid.of(images[socket.on_grid_of])
    found = Grid.of(image)
    title, reference = socket.title, spec.input(socket.on_grid_of).title
    if found.is_close_to(wanted):
        image.CopyInformation(images[socket.on_grid_of])
        away = f"voxels of the {title} are up to {found.distance_mm(wanted):.2g} mm off the grid of the {reference}"
        return (
            "" if found.matches(wanted) else f"The {away}, under a twentieth of a voxel; they were taken to lie on it."
        )
    differences = f"{files[socket.slug]} has {_differences(found, wanted)} in {files[socket.on_grid_of]}"
    if socket.dispensable and socket.labels:
        images[socket.slug] = resample_label_map(image, wanted)
        return f"The {title} was resampled onto the grid of the {reference}, because {differences}."
    refusal = (
        f"The {title} must lie on the grid of the {reference}, but {differences}."
        f" Was an image given that was not resampled onto the {reference}?"
    )
    if not socket.dispensable:
        raise InputError(refusal)
    del images[socket.slug], files[socket.slug]
    left_out[socket.slug] = refusal
    return ""


def _differences(found: Grid, wanted: Grid) -> str:
    """Return the differences of two grids in words, with the distance of their voxels where the sizes agree."""
    apart = "" if found.size_xyz != wanted.size_xyz else f" (voxels are up to {found.distance_mm(wanted):.3g} mm off)"
    return f"{found.differences(wanted)}{apart}"
