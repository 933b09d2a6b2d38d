"""Request for a rehearsal: the challenge, its cases, the weights and the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.platform.spec import ChallengeSpec
from hnseg.rehearsal.cases import CaseFolder
from hnseg.rehearsal.preparing.input_list import Dialect
from hnseg.rehearsal.profile import Profile


@dataclass(frozen=True)
class Request:
    """Everything that a rehearsal is asked to do.

    Attributes:
        spec: Challenge by whose sockets the outputs are judged.
        cases: Cases, each run once, in this order.
        model_dir: Folder that is mounted as /opt/ml/model.
        profile: Limits of the platform.
        keep_dir: Folder that receives each case's output and logs, in a subfolder of the case's name.
        edition: Edition of the challenge by whose rules the cases are scored; empty for its default.
        dialects: Dialects of `inputs.json`; the cases run once for each, and those after the first only give warnings.
        asks_panimg: Whether the platform's own importer judges each output as well.
    """

    spec: ChallengeSpec
    cases: Sequence[CaseFolder]
    model_dir: Path
    profile: Profile
    keep_dir: Path
    edition: str = ""
    dialects: tuple[Dialect, ...] = (Dialect.TODAY,)
    asks_panimg: bool = False

    def output_dir(self, case_name: str) -> Path:
        """Return the folder that keeps a case's output."""
        return self.keep_dir / case_name / "output"

    def case(self, name: str) -> CaseFolder:
        """Return the case of a name.

        Raises:
            KeyError: There is none.
        """
        return {case.name: case for case in self.cases}[name]
