"""Fractions that maps of a run are written as: a probability as it is, an entropy as a share of the largest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hnseg.dicom.segmentation.codes import ENTROPY, SegmentCodes, codes_of
from hnseg.inference.labelling.uncertainty_files import ENTROPY as ENTROPY_FILE
from hnseg.inference.labelling.uncertainty_files import MUTUAL_INFORMATION
from hnseg.platform.spec import ChallengeSpec, MapSocket
from hnseg.platform.writing import FILE_NAME


@dataclass(frozen=True)
class Fraction:
    """Map that is written as a fraction.

    Attributes:
        name: Name for its file, such as the slug of its socket.
        title: Name of its segment.
        path: File of the map.
        most: Value that counts as 1.
        codes: What it is of.
    """

    name: str
    title: str
    path: Path
    most: float
    codes: SegmentCodes


def fractions_in(spec: ChallengeSpec, output_dir: Path, uncertainty_dir: Path | None) -> list[Fraction]:
    """Return the maps of a run: the challenge's own, and those of the uncertainty where it was asked for.

    Args:
        spec: Description of the outputs.
        output_dir: Folder of the outputs.
        uncertainty_dir: Folder of the uncertainty; None where there is none.
    """
    found = [_of_socket(spec, socket, output_dir / socket.relative_path / FILE_NAME) for socket in spec.maps]
    if uncertainty_dir is not None:
        for file in (ENTROPY_FILE, MUTUAL_INFORMATION):
            name = file.split(".")[0]
            title = f"{name.replace('_', ' ')}, 1 is {spec.most_entropy:.4g} nats"
            found.append(Fraction(name, title, uncertainty_dir / file, spec.most_entropy, ENTROPY))
    return found


def _of_socket(spec: ChallengeSpec, socket: MapSocket, path: Path) -> Fraction:
    if socket.kind == "entropy":
        title = f"entropy, 1 is {spec.most_entropy:.4g} nats"
        return Fraction(socket.slug, title, path, spec.most_entropy, ENTROPY)
    name = next(iter(spec.output.labels.values()))
    return Fraction(socket.slug, f"probability of {name}", path, 1.0, codes_of(name))
