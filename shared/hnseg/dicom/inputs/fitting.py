"""Fit of series to sockets: by modality, and whether a series is a whole volume that the socket can take."""

from __future__ import annotations

from collections.abc import Sequence

from hnseg.dicom.survey.entry import Survey, SurveyedSeries
from hnseg.imaging.modality import Modality
from hnseg.platform.spec import ChallengeSpec, InputSocket

_CODES: dict[Modality, str] = {"ct": "CT", "pet": "PT", "mr": "MR"}


def image_sockets(spec: ChallengeSpec) -> list[InputSocket]:
    """Return the sockets that a series of images can fill: those of intensities of a known modality."""
    return [socket for socket in spec.inputs if socket.labels is None and socket.modality in _CODES]


def is_of(socket: InputSocket, entry: SurveyedSeries) -> bool:
    """Return whether a series has the modality of a socket."""
    return entry.modality == _CODES.get(socket.modality)


def meant_for(socket: InputSocket, survey: Survey) -> list[SurveyedSeries]:
    """Return the series that are volumes of a socket's modality, be it that something is wrong with them."""
    return [entry for entry in survey.series if is_of(socket, entry) and not entry.left_out]


def usable(entries: Sequence[SurveyedSeries]) -> list[SurveyedSeries]:
    """Return those series that can be an input."""
    return [entry for entry in entries if not entry.why_not]


def in_words(entry: SurveyedSeries) -> str:
    """Return a series by its number and geometry, without anything that names a patient."""
    if entry.series is None:
        return f"{entry.number} ({entry.modality or 'unknown modality'}, {entry.images} images)"
    grid = entry.series.grid
    size = " x ".join(str(count) for count in grid.size_xyz)
    spacing = " x ".join(f"{side:.4g}" for side in grid.spacing_mm)
    parts = [f"series number {entry.series_number}"] if entry.series_number else []
    if entry.echo_ms is not None and entry.repetition_ms is not None:
        parts.append(f"TE {entry.echo_ms:g} ms, TR {entry.repetition_ms:g} ms")
    return f"{entry.number} ({', '.join([*parts, entry.orientation, f'{size} voxels of {spacing} mm'])})"
