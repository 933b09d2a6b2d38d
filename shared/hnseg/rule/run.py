"""Run of one case by a rule: read, decide, write. No network, and no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from hnseg.errors import InputError
from hnseg.inference.model.manifest import METHOD_FILE
from hnseg.platform.challenge import settings_in
from hnseg.platform.reading import read_and_record
from hnseg.platform.writing import write_output

if TYPE_CHECKING:
    from hnseg.platform.challenge import Challenge
    from hnseg.platform.input_files import InputFiles
    from hnseg.provenance import Provenance
    from hnseg.rule.decision import DecidingMethod
    from hnseg.rule.model import RuleModel


def decide_case(
    challenge: Challenge,
    model: RuleModel,
    *,
    inputs: Path | InputFiles,
    output_dir: Path,
    provenance: Provenance,
) -> None:
    """Make the outputs of one case by the rule that the settings name.

    Args:
        challenge: Sockets and labels of the challenge, with a method that decides.
        model: Settings of the method.
        inputs: Folder that holds the input sockets' folders and files, or the files by socket.
        output_dir: Folder that receives the output sockets' folders and files: all of them, or none.
        provenance: Record of what each step did and took; it is added to.

    Raises:
        InputError: The case breaks what the challenge promises.
        ModelError: The settings are not the method's.
        OutputError: The label map or a map can't be written or would not be accepted.
    """
    method = cast("DecidingMethod", challenge.method)
    settings = settings_in(method, model.settings, model.folder / METHOD_FILE)
    provenance.record(settings=settings.model_dump(mode="json"))
    case = read_and_record(challenge.spec, inputs, provenance)
    with provenance.step("decide"):
        decision = method.decide(case, settings)
        provenance.record(**decision.record)
        provenance.note(*decision.notes)
    with provenance.step("write"):
        write_output(challenge.spec, decision.label_map, case, output_dir, maps=decision.maps)


def check_no_uncertainty(*, is_asked: bool) -> None:
    """Refuse to write the uncertainty of an ensemble where a rule has none.

    Raises:
        InputError: One was asked for.
    """
    if is_asked:
        raise InputError(
            "An uncertainty can be had only of networks, but the model's settings name a rule without any."
            " Leave --uncertainty out, or give a trained ensemble."
        )
