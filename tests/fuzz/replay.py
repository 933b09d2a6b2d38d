"""Second run of an input that had a fault, to see whether it still has.

    python -m tests.fuzz.replay FOLDER ...

FOLDER is one of those that a campaign keeps, with `input`, perhaps `model`, and `fault.txt`. Status 1 where any still
has a fault. Requests and signals can't be run again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.cases import judge_case
from tests.fuzz.trial import Trial, Verdict

ROOT = Path(__file__).parents[2]


def replay(kept: Path, work: Path, models: Path) -> Verdict:
    """Return the verdict on a copy of a kept input."""
    folder = work / kept.name
    folder.mkdir()
    for name in ("input", "model", "real", "elsewhere", "outside.mha"):
        if (kept / name).is_symlink() or (kept / name).exists():
            subprocess.run(["cp", "-a", kept / name, folder / name], check=True)  # pipes and links as they are
    challenge = (kept / "fault.txt").read_text(encoding="utf-8").split("\n")[0]
    model = folder / "model"
    return judge_case(Trial(challenge, folder, model if model.exists() else models / challenge / "bundle"))


def main() -> int:
    """Run every folder that the command line names."""
    work = Path(tempfile.mkdtemp(prefix="hnseg-replay-"))
    models = work / "models"
    command = [sys.executable, "-m", "tests.fuzz.make_models", models]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    faults = 0
    for kept in map(Path, sys.argv[1:]):
        verdict = replay(kept, work, models)
        faults += verdict.word == "fault"
        sys.stdout.write(f"{kept.name}: {verdict.word}: {verdict.reason}\n")
    shutil.rmtree(work, ignore_errors=True)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
