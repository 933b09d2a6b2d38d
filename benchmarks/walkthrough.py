"""From each challenge's public layout to the two archives that are uploaded, by running every command.

    HNSEG_BASE_IMAGE=... python benchmarks/walkthrough.py
    HNSEG_BASE_IMAGE=... python benchmarks/walkthrough.py hnts_mrg

writes docs/walkthrough.md with the commands of `walkthrough_steps.py`, their outputs, cut to their ends, and their
times. The public data are phantoms in the public layouts. It needs a container engine that `docker` reaches and 2 GB of
disk under build/<challenge>, which is emptied first and left without the archive of the image. What was run is kept in
build/walkthrough: challenges that are not named appear as they were run last, or with their commands alone. A command
that fails ends it, and the page stays as it was.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from walkthrough_steps import BASE_IMAGE, WALKS, Step

from hnseg.evaluation.tables import Table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "walkthrough.md"
RESULTS = ROOT / "build" / "walkthrough"
WIDEST = 118  # characters of a line of output
CUT = "[...]"

HEAD = """# From the public data to an upload, five times

Every command from a challenge's public layout to the pair of archives that Grand Challenge takes: the image, and the
model. `python benchmarks/walkthrough.py` runs the commands and writes this page; `{cut}` stands where output was left
out. The public data are phantoms in the public layouts, six to ten patients each, and the trainings are as short as
they can be: they show the way, and learn nothing. What a real training takes is in [training](../training/README.md),
what it reaches on phantoms in [benchmarks](benchmarks.md).

Commands are run from the root of the repository, with `pip install -e ".[training]"` and an engine that `docker`
reaches. `{base}` names the base of the image:

```
export {base}=pytorch/pytorch:2.13.0-cuda12.6-cudnn9-runtime
```

For this page it was an image with torch for processors alone, and nothing ran on a GPU. Minutes, on {machine}, which
other work may have shared:

"""

Result = tuple[str, float]  # output of a command, and its seconds


def main() -> int:
    """Run the challenges that are named, and write the page; 1 where a command fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("challenges", nargs="*", help=f"of {', '.join(WALKS)}; all if left out")
    given = parser.parse_args()
    if unknown := set(given.challenges) - set(WALKS):
        parser.error(f"challenges must be of {', '.join(WALKS)}, found {', '.join(sorted(unknown))}")
    if BASE_IMAGE not in os.environ:
        parser.error(f"{BASE_IMAGE} must name the base of the image, but is not set")
    for challenge in given.challenges or WALKS:
        keep(challenge, walk(challenge))
    PAGE.write_text(page(kept()), encoding="utf-8")
    return 0


def walk(challenge: str) -> list[Result]:
    """Run a challenge's commands in an emptied build/<challenge>, and return each one's result."""
    folder = ROOT / "build" / challenge
    shutil.rmtree(folder, ignore_errors=True)
    try:
        return [run(step) for step in WALKS[challenge].steps(challenge)]
    finally:
        (folder / "image.tar.gz").unlink(missing_ok=True)


def run(step: Step) -> Result:
    """Run a step's command, and return its output, cut and without what differs from machine to machine."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": programs, "COLUMNS": str(WIDEST), "OMP_WAIT_POLICY": "passive"}
    print(f"$ {step.command}", file=sys.stderr, flush=True)
    start = time.monotonic()
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", step.command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - start
    print(f"{seconds:.0f} s", file=sys.stderr, flush=True)
    if done.returncode:
        raise SystemExit(f"{step.command}\n{done.stdout}\nmust end with status 0, but ended with {done.returncode}.")
    return cut(done.stdout, step.lines), seconds


def cut(output: str, lines: int) -> str:
    """Return the last lines of a command's output, each on one short line, without this machine's folders.

    Warnings of libraries and all but the last of the lines that count are left out.
    """
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", output)
    text = text.replace(f"{ROOT}/", "").replace(str(ROOT), ".")
    text = re.sub(r"/tmp/[^\s/:]+", "/tmp/folder", text)
    text = re.sub(r"^\S*\.py:\d+: \w*Warning: .*\n(  .*\n)?", "", text, flags=re.MULTILINE)
    text = re.sub(r"sha256:[0-9a-f]{64}", "sha256:...", text)
    found = [line.rstrip() for line in text.splitlines() if line.strip() and not _counts_on(line)]
    short = [line if len(line) <= WIDEST else f"{line[: WIDEST - len(CUT) - 1]} {CUT}" for line in found]
    return "\n".join(short if len(short) <= lines else [CUT, *short[-lines:]])


def _counts_on(line: str) -> bool:
    """Whether a line counts something that goes on."""
    counted = re.fullmatch(r".*: (\d+) of (\d+) done", line)
    return counted is not None and counted[1] != counted[2]


def keep(challenge: str, results: Sequence[Result]) -> None:
    """Keep a challenge's results for the page."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{challenge}.json").write_text(json.dumps(results), encoding="utf-8")


def kept() -> dict[str, list[Result]]:
    """Return the results of all challenges that were run, in the order of the page."""
    files = {challenge: RESULTS / f"{challenge}.json" for challenge in WALKS}
    return {challenge: json.loads(file.read_text()) for challenge, file in files.items() if file.is_file()}


def page(results: Mapping[str, Sequence[Result]]) -> str:
    """Return the page's text; a challenge without results has its commands alone."""
    machine = f"{os.cpu_count()} processor cores"
    sections = [section(challenge, results.get(challenge)) for challenge in WALKS]
    head = HEAD.format(cut=CUT, base=BASE_IMAGE, machine=machine)
    return f"{head}{minutes_of(results).as_markdown()}\n\n" + "\n".join(sections)


def minutes_of(results: Mapping[str, Sequence[Result]]) -> Table:
    """Return the minutes of each step by challenge; the archives are only looked at in the last."""
    seconds = {
        challenge: {step.name: of for step, (_, of) in zip(WALKS[challenge].steps(challenge), found, strict=True)}
        for challenge, found in results.items()
    }
    names = list(dict.fromkeys(name for of in seconds.values() for name in of if name != "look"))
    rows = [
        (
            f"[{WALKS[challenge].title}](#{anchor(WALKS[challenge].title)})",
            *(f"{of[name] / 60:.1f}" if name in of else "" for name in names),
            f"{sum(of.values()) / 60:.1f}",
        )
        for challenge, of in seconds.items()
    ]
    return Table(("", *names, "all"), tuple(rows))


def anchor(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def section(challenge: str, results: Sequence[Result] | None) -> str:
    """Return a challenge's section."""
    steps = WALKS[challenge].steps(challenge)
    parts = [part(step, result) for step, result in zip(steps, results or [None] * len(steps), strict=True)]
    return f"## {WALKS[challenge].title}\n\n" + "\n".join(parts)


def part(step: Step, result: Result | None) -> str:
    """Return what the page has of a step: its sentence, its command, its output and its time."""
    output, seconds = result or ("", None)
    took = "not run" if seconds is None else f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.1f} min"
    shown = f"$ {step.command}\n{output}".rstrip()
    return f"{step.says} ({took})\n\n```\n{shown}\n```\n"


if __name__ == "__main__":
    sys.exit(main())
