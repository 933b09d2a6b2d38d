"""Request for a rehearsal: the challenge, its cases, the weights and the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.platform.spec import ChallengeSpec
from hnseg.rehearsal.cases import CaseFolder
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
    """

    spec: ChallengeSpec
    cases: Sequence[CaseFolder]
    model_dir: Path
    profile: Profile
    keep_dir: Path
    edition: str = ""

    def output_dir(self, case_name: str) -> Path:
        """Return the folder that keeps a case's output."""
        return self.keep_dir / case_name / "output"

    def case(self, name: str) -> CaseFolder:
        """Return the case of a name.

        Raises:
            KeyError: There is none.
        """
        return {case.name: case for case in self.cases}[name]
