"""Writing of a new challenge's `spec.py` from one example."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError, OutputError
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.rehearsal.preparing.new_spec.inputs import describe_inputs
from hnseg.rehearsal.preparing.new_spec.outputs import show_outputs
from hnseg.rehearsal.preparing.new_spec.source import source_of
from hnseg.rehearsal.preparing.new_spec.spec import spec_of
from hnseg.rehearsal.preparing.spec_file import SPEC_FILE


@dataclass(frozen=True)
class Written:
    """File that was written.

    Attributes:
        file: Its path.
        case_dir: Folder of the example, which can be rehearsed with `--case`.
        doubts: Facts that the example does not settle, a sentence each.
    """

    file: Path
    case_dir: Path
    doubts: tuple[str, ...]


def write_spec(folder: Path, inputs_json: Path, output_dir: Path) -> Written:
    """Write the description of a challenge as one of its cases shows it.

    Args:
        folder: Folder of the challenge, made where it is missing; its name becomes the challenge's.
        inputs_json: List of inputs that the platform gives a job, in the folder of the job's inputs.
        output_dir: Output that an algorithm left for the same case: images/<socket>/<image>, and JSON files.

    Raises:
        InputError: The example does not describe a challenge.
        OutputError: There is a description already, or it can't be written.
    """
    file = folder.resolve() / SPEC_FILE
    if file.exists():
        raise OutputError(
            f"A new description must not replace another, but {file} exists. Name a folder without one, or remove it."
        )
    if not inputs_json.is_file():
        raise InputError(f"The platform's list of inputs must be a file, but there is none at {inputs_json}.")
    inputs, outputs = describe_inputs(inputs_json), show_outputs(output_dir)
    new = spec_of(file.parent.name, inputs, outputs, inputs_json.parent)
    source = source_of(new)
    _make(file.parent)
    with output_files(Output(SPEC_FILE, file)) as files:
        files.write(SPEC_FILE, lambda path: path.write_text(source, encoding="utf-8"))
    input_dir = inputs_json.resolve().parent
    return Written(file, input_dir.parent if input_dir.name == "input" else input_dir, new.doubts)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} must be made, but that failed: {error.strerror}.") from error
