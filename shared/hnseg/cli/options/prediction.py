"""Options of `hnseg predict`: how an image is predicted, and what is written beside its label map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hnseg.cli.options.run import BackendOption, CheckpointOption, DeviceOption, PrecisionOption, SkipAirOption
from hnseg.cli.options.uncertainty import DropoutOption, TtaOption, further_members
from hnseg.imaging.files.formats import WRITTEN, has_suffix
from hnseg.imaging.files.output_files import Output

if TYPE_CHECKING:
    from hnseg.inference.further.asked import FurtherMembers
    from hnseg.inference.model.manifest import Fold
    from hnseg.inference.planning.effort import Effort

_ARRAY = ".npy"
_PICTURE = "uncertainty.png"
UNCERTAINTY_PICTURE = f"--uncertainty ({_PICTURE})"
"""Name of the picture of the uncertainty among the outputs."""


@dataclass(frozen=True)
class PredictionOptions:
    """Options on the networks, the effort and the limits of a prediction."""

    models: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            metavar="DIR",
            help="Model: in place of MODEL_DIR; given again, a further one: probabilities are averaged.",
        ),
    ] = None
    folds: Annotated[
        str | None,
        typer.Option(metavar="0,1,...", help="Folds: numbers from 0 with commas between them; all if left out."),
    ] = None
    checkpoint: CheckpointOption = "auto"
    no_mirroring: Annotated[bool, typer.Option("--no-mirroring", help="Don't look at mirrored copies.")] = False
    step: Annotated[float, typer.Option(min=0.1, max=1.0, help="Distance between tiles, in patches.")] = 0.5
    device: DeviceOption = "auto"
    precision: PrecisionOption = "exact"
    backend: BackendOption = "auto"
    skip: SkipAirOption = "none"
    limit_s: Annotated[float, typer.Option(min=0, help="Seconds a case may take; what is given up is said.")] = inf
    ram_gib: Annotated[float, typer.Option(min=0, help="Memory in GiB: what this may take.")] = inf
    vram_gib: Annotated[float, typer.Option(min=0, help="Memory of the GPU in GiB: what this may take.")] = inf

    @property
    def chosen_folds(self) -> list[Fold] | None:
        """Folds to use; None for all.

        Raises:
            BadParameter: They are neither numbers nor `all`.
        """
        if self.folds is None:
            return None
        words = [word.strip() for word in self.folds.split(",")]
        if not all(word.isdecimal() or word == "all" for word in words):
            raise typer.BadParameter(f"must be numbers with commas between them, or all, found {self.folds!r}")
        return ["all" if word == "all" else int(word) for word in words]

    @property
    def effort(self) -> Effort:
        """Most that may be done."""
        from hnseg.inference.planning.effort import Effort

        return Effort(step=self.step, mirroring=not self.no_mirroring, skip=self.skip)

    @property
    def loading(self) -> Mapping[str, Any]:
        """Keyword arguments of `hnseg.inference.loading.load_ensemble`."""
        names = ("device", "vram_gib", "precision", "backend")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class FurtherOutputs:
    """Options on what is written beside the label map of an image."""

    probabilities: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR|FILE.npy", help="Probabilities: an image a class is written too; or (k, z, y, x) as .npy."
        ),
    ] = None
    uncertainty: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Uncertainty: entropy, mutual information, a table and a picture are written."
        ),
    ] = None
    dropout: DropoutOption = 0
    tta: TtaOption = 0
    json: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Values as JSON: what was done and given up.")
    ] = None

    @property
    def further_members(self) -> FurtherMembers:
        """Members that the uncertainty has beyond the folds.

        Raises:
            InputError: They were asked for without an uncertainty.
        """
        return further_members(self.dropout, self.tta, uncertainty=self.uncertainty is not None)

    @property
    def probabilities_dir(self) -> Path | None:
        """Folder that receives the probabilities as images; None where none were asked for, or as an array."""
        return None if self._is_array else self.probabilities

    def outputs(self, label_map: Path, classes: Sequence[str]) -> tuple[Output, ...]:
        """Return the files that are to be written, that of the label map first.

        Args:
            label_map: File of the label map.
            classes: Names of the model's classes or regions, in the order of its outputs.
        """
        from hnseg.inference.labelling.probability_files import probability_outputs
        from hnseg.inference.labelling.uncertainty_files import uncertainty_outputs

        array = self.probabilities if self._is_array else None
        folder = self.probabilities_dir
        return (
            Output("--output", label_map, f"A label map must be written to {label_map.parent}", WRITTEN),
            Output("--probabilities", array, _promise("Probabilities", array), (_ARRAY,)),
            Output("--json", self.json, _promise("The values", self.json)),
            *(probability_outputs(folder, classes) if folder else ()),
            *uncertainty_outputs(self.uncertainty),
            Output(UNCERTAINTY_PICTURE, self.picture, f"The uncertainty must be written to {self.uncertainty}"),
        )

    @property
    def _is_array(self) -> bool:
        """Whether the probabilities are one file: an array, or the name of an image, which is refused."""
        name = self.probabilities.name if self.probabilities else ""
        return has_suffix(name) or has_suffix(name, (_ARRAY,))

    @property
    def picture(self) -> Path | None:
        """File of the picture of the uncertainty; None where none was asked for."""
        return None if self.uncertainty is None else self.uncertainty / _PICTURE

    @property
    def asked_for(self) -> tuple[str, ...]:
        """Options that were used."""
        given = {"--probabilities": self.probabilities, "--uncertainty": self.uncertainty, "--json": self.json}
        return tuple(option for option, path in given.items() if path is not None)


def _promise(title: str, path: Path | None) -> str:
    return "" if path is None else f"{title} must be written to {path.parent}"
