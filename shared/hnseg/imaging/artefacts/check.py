"""Check of an image for artefacts: its figures, and sentences on those that are strong.

A note never refuses an image and never changes a label map. The limits stand well above the largest figure of 72 real
images without added artefacts; see `docs/benchmarks.md` for what they catch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.artefacts.bias import bias_factor
from hnseg.imaging.artefacts.noise import noise_inside, noise_share
from hnseg.imaging.artefacts.sample import Sample, sample_of
from hnseg.imaging.artefacts.spectrum import Spectrum, spectrum_of
from hnseg.imaging.artefacts.spike import spike_contrast
from hnseg.imaging.modality import Modality

MOST_SPIKE = 4.0
"""Largest contrast of spikes that is not worth a note."""

MOST_NOISE_HU = 100.0
"""Largest standard deviation of the noise of a CT that is not worth a note, in HU."""

MOST_NOISE_SHARE = MappingProxyType({"pet": 0.12, "mr": 0.45, "unknown": 0.45})
"""Largest standard deviation of any other image's noise, as a share of the image's, that is not worth a note."""

MOST_BIAS = MappingProxyType({"ct": 1.65, "mr": 5.0})
"""Largest factor between the ends of a bias field that is not worth a note, by modality; of others it is not judged."""

_LEAST_SIGNAL = {"ct": 0.5, "mr": 0.1}  # as a share of the body's median: on a CT less is lung, on an MR muscle is dark


@dataclass(frozen=True)
class ImageCheck:
    """Figures of the artefacts of one image; None where the image is too small for a figure, or of another modality.

    Attributes:
        modality: Modality of the image.
        spike: Contrast of the strongest spike, a natural logarithm; see `spike_contrast`.
        noise_hu: Standard deviation of a CT's noise inside the body, in HU.
        noise_share: Standard deviation of any other image's noise, as a share of the image's.
        bias: Factor between bright and dark end of a bias field, of CT and MR.
    """

    modality: Modality
    spike: float | None = None
    noise_hu: float | None = None
    noise_share: float | None = None
    bias: float | None = None

    @property
    def record(self) -> dict[str, Any]:
        """Facts for the provenance: the figures that there are, with three or four digits."""
        figures = {"spike": self.spike, "noise_hu": self.noise_hu, "noise_share": self.noise_share, "bias": self.bias}
        return {name: float(f"{figure:.4g}") for name, figure in figures.items() if figure is not None}

    @property
    def has_spikes(self) -> bool:
        """Whether the image has spikes."""
        return (self.spike or 0.0) > MOST_SPIKE

    @property
    def is_noisy(self) -> bool:
        """Whether the noise is strong; a spike's wave is none."""
        if self.has_spikes:
            return False
        if self.modality == "ct":
            return (self.noise_hu or 0.0) > MOST_NOISE_HU
        return (self.noise_share or 0.0) > MOST_NOISE_SHARE[self.modality]

    @property
    def is_biased(self) -> bool:
        """Whether there is a strong bias field, and neither spikes nor noise, which a fit may take for one."""
        strong = (self.bias or 0.0) > MOST_BIAS.get(self.modality, math.inf)
        return strong and not self.has_spikes and not self.is_noisy

    def notes(self, title: str) -> tuple[str, ...]:
        """Return a sentence on the strongest artefact, if there is one that is worth it.

        Args:
            title: Name of the image in sentences, such as "mid-RT T2w".

        >>> ImageCheck("ct", spike=2.1, noise_hu=210.4).notes("CT")
        ('The CT may be noisy: inside the body its noise has a standard deviation of 210 HU (noted over 100).',)
        """
        if self.has_spikes:
            return (
                f"The {title} may have spikes in k-space, waves over the whole image: one of its frequencies is"
                f" {math.exp(self.spike or 0.0):.0f} times as strong as those around it (noted over"
                f" {math.exp(MOST_SPIKE):.0f}).",
            )
        if self.is_noisy:
            return (f"The {title} may be noisy: {self._noise_in_words()}.",)
        if self.is_biased:
            return (
                f"The {title} may have a bias field: the body is {self.bias:.1f} times as bright at one end of a smooth"
                f" fit as at the other (noted over {MOST_BIAS[self.modality]:g}).",
            )
        return ()

    def _noise_in_words(self) -> str:
        if self.modality == "ct":
            words = f"inside the body its noise has a standard deviation of {self.noise_hu or 0.0:.0f} HU"
            return f"{words} (noted over {MOST_NOISE_HU:g})"
        most = MOST_NOISE_SHARE[self.modality]
        return f"its noise has {self.noise_share or 0.0:.0%} of its standard deviation (noted over {most:.0%})"


def check_image(image: sitk.Image, modality: Modality) -> ImageCheck:
    """Return the figures of an image's artefacts, in at most half a second and some 60 MiB, whatever its size.

    Args:
        image: Scalar 3-D image of finite values, of any size and direction.
        modality: Modality; a CT is in Hounsfield units.

    >>> check_image(sitk.Image(20, 20, 20, sitk.sitkInt16), "ct").notes("CT")
    ()
    """
    with np.errstate(over="ignore", invalid="ignore"):  # a figure that is not finite is left out
        sample = sample_of(image, modality)
        spectrum = spectrum_of(sample.block)
        return ImageCheck(
            modality,
            spike=None if spectrum is None else _finite(spike_contrast(spectrum)),
            noise_hu=_finite(noise_inside(sample.block, sample.block_body)) if modality == "ct" else None,
            noise_share=_share(spectrum, modality),
            bias=_bias(sample, modality),
        )


def _share(spectrum: Spectrum | None, modality: Modality) -> float | None:
    return None if spectrum is None or modality == "ct" else _finite(noise_share(spectrum))


def _bias(sample: Sample, modality: Modality) -> float | None:
    if modality not in MOST_BIAS:
        return None
    return _finite(bias_factor(sample.coarse, sample.coarse_body, least_share=_LEAST_SIGNAL[modality]))


def _finite(figure: float | None) -> float | None:
    return figure if figure is not None and math.isfinite(figure) else None
