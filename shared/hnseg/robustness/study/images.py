"""Images of a challenge that a study can perturb, and their modality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hnseg.errors import InputError
from hnseg.imaging.modality import Modality
from hnseg.platform.spec import ChallengeSpec, InputSocket


@dataclass(frozen=True)
class StudyImage:
    """Image of a challenge that a study can perturb.

    Attributes:
        socket: Description of the image.
        modality: Modality, which sets the scale on which it is perturbed.
    """

    socket: InputSocket
    modality: Modality

    @property
    def title(self) -> str:
        """Name of the image in the scores, such as CT or mid-RT T2w."""
        return self.socket.title


def images_of(spec: ChallengeSpec) -> dict[str, StudyImage]:
    """Return the images of intensities of a challenge, by the slug of their socket, in its order."""
    return {socket.slug: StudyImage(socket, socket.modality) for socket in spec.inputs if socket.labels is None}


def choose_images(spec: ChallengeSpec, words: Sequence[str]) -> tuple[str, ...]:
    """Return the slugs of the images that are asked for.

    Args:
        spec: Description of the sockets.
        words: Modalities (ct, pet, mr), each for all its images, or slugs; empty for all images.

    Raises:
        InputError: A word is neither.
    """
    images = images_of(spec)
    known = [*dict.fromkeys(image.modality for image in images.values()), *images]
    for word in words:
        if word not in known:
            raise InputError(
                f"--modalities must name modalities or images of {spec.title}, which are {', '.join(known)}, but found"
                f" {word!r}. Is it misspelt?"
            )
    return tuple(slug for slug, image in images.items() if not words or slug in words or image.modality in words)
