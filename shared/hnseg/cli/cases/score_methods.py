"""Comparison of methods on the same patients, for `hnseg score CHALLENGE` with several folders of predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import typer

from hnseg.cli.options.run import check_text
from hnseg.cli.printing import show_table
from hnseg.cli.recurrence.page import as_page
from hnseg.cli.recurrence.pictures import draw_patients
from hnseg.discovery import challenge_module
from hnseg.drawing.volumes import method_colours
from hnseg.errors import InputError
from hnseg.evaluation.options import parse_options
from hnseg.evaluation.picture_file import FORMATS
from hnseg.evaluation.recurrence.comparison import Comparison
from hnseg.evaluation.recurrence.methods import Cohort, Method, find_cohort
from hnseg.evaluation.recurrence.picture import draw_captures
from hnseg.evaluation.recurrence.tables import (
    captures_table,
    differences_table,
    explanation,
    intervals_table,
    methods_table,
)
from hnseg.evaluation.scoring import CHALLENGES
from hnseg.imaging.files.output_files import Output, OutputFiles, output_files


@dataclass(frozen=True)
class MethodFolders:
    """Folders of a comparison, as they were given.

    Attributes:
        predictions: Folders of label maps, each NAME=DIR or DIR.
        probabilities: Folders of probabilities, the same.
        references: Folder of the references.
        images: Folder of the patients' images; None for none.
        leave_out_missing: Whether a patient that a method lacks is left out instead of refused.
    """

    predictions: Sequence[str]
    probabilities: Sequence[str]
    references: Path
    images: Path | None = None
    leave_out_missing: bool = False

    @property
    def methods(self) -> list[Method]:
        """Methods in the order of their first mention, those with probabilities first.

        Raises:
            InputError: Two folders of one kind have the same name.
        """
        label_maps, probabilities = (
            _named("--predictions", self.predictions),
            _named("--probabilities", self.probabilities),
        )
        names = dict.fromkeys([*probabilities, *label_maps])
        return [Method(name, label_maps.get(name), probabilities.get(name)) for name in names]


def folder_of(given: str) -> tuple[str, Path]:
    """Return name and folder of NAME=DIR; of a folder alone, its own name.

    >>> folder_of("gtv=predicted/by_gtv")
    ('gtv', PosixPath('predicted/by_gtv'))
    >>> folder_of("predicted/by_gtv")[0]
    'by_gtv'
    """
    name, is_named, folder = given.partition("=")
    if not is_named or not name or "/" in name or Path(given).exists():
        return Path(given).resolve().name, Path(given)
    return name, Path(folder)


def score_methods(
    challenge: str, folders: MethodFolders, options: Mapping[str, str], outputs: Mapping[str, Path | None]
) -> None:
    """Print the tables of a comparison, and write what was asked for.

    Args:
        challenge: Name of the challenge.
        folders: Folders of the methods and the references.
        options: Values of the challenge's own options by name.
        outputs: Files by option, --json, --plot and --report; None for those that were not asked for.

    Raises:
        InputError: The challenge compares no methods, or the files can't be scored.
        OutputError: A file can't be written.
    """
    module = _comparing(challenge)
    parsed = parse_options(challenge, module, options)
    cohort = find_cohort(
        folders.methods, folders.references, images=folders.images, leave_out_missing=folders.leave_out_missing
    )
    suffixes = {"--plot": FORMATS, "--report": (".html",)}
    asked = [
        Output(option, path, f"The comparison must be written to {path}", suffixes.get(option, ()))
        for option, path in outputs.items()
    ]
    with output_files(*asked, inputs=cohort.files) as files:
        comparison: Comparison = module.compare_methods(cohort, parsed)
        _write_all(files, comparison, cohort)
    _print(comparison)


def _write_all(files: OutputFiles, comparison: Comparison, cohort: Cohort) -> None:
    as_json = comparison.model_dump_json(indent=2) + "\n"
    files.write("--json", lambda path: path.write_text(as_json, encoding="utf-8"))
    colours = method_colours([method.name for method in comparison.methods])
    files.write("--plot", lambda path: draw_captures(comparison, path, colours))
    if files.has("--report"):
        page = as_page(comparison, draw_patients(cohort, comparison))
        files.write("--report", lambda path: path.write_text(page, encoding="utf-8"))


def _print(comparison: Comparison) -> None:
    tables = (
        methods_table(comparison),
        intervals_table(comparison),
        differences_table(comparison),
        captures_table(comparison),
    )
    for table in tables:
        if table.rows:
            show_table(table)
    for line in explanation(comparison):
        typer.echo(line)


def _comparing(challenge: str) -> ModuleType:
    module = challenge_module(CHALLENGES, challenge)
    if not hasattr(module, "compare_methods"):
        raise InputError(
            f"Several methods must be of a challenge that compares them, but {challenge} scores one folder of"
            " --predictions, and hnseg rank compares. Leave out further ones, --probabilities, --images and --report."
        )
    return module


def _named(option: str, given: Sequence[str]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for one in given:
        name, folder = folder_of(one)
        check_text(f"{option} NAME", name)
        if name in named:
            raise InputError(
                f"Each method must have a name of its own, but {option} has {name} for {named[name]} and {folder}."
                f" Name them: {option} NAME=DIR."
            )
        named[name] = folder
    return named
