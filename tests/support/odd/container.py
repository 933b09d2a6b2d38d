"""An odd container: what it does, what the platform makes of it, and what a rehearsal says where that differs."""

from dataclasses import dataclass

PASSES = "passes"
NO_SENTENCE = "fails without a sentence"

START = (
    "import json, os, signal, socket, subprocess, sys, time\nfrom pathlib import Path\nfrom stub_container import *\n"
)
WRITE = "write()\nFOLDER = '/output/' + OUTPUT\n"
SOCKET = "images/mri-head-neck-segmentation"


@dataclass(frozen=True)
class Odd:
    """One odd container.

    Attributes:
        program: Program that the container runs after the label map is written; it finds `stub_container`'s names.
        there: Sentence that the platform shows, `PASSES` or `NO_SENTENCE`.
        source: Tag of docs/platform.md.
        here: Sentence of the rehearsal, likewise; empty where it is the platform's.
        why: Reason for another sentence, or the rule by which the rehearsal only warns; empty without either.
        warns: Words of the warning beside the verdict; empty where none is asked for.
        lines: More lines of the Dockerfile.
        user: Operand of its USER.
        options: More options of `hnseg rehearse`.
        cases: Number of cases.
        writes: Whether a label map is written before the program.
    """

    program: str
    there: str
    source: str
    here: str = ""
    why: str = ""
    warns: str = ""
    lines: tuple[str, ...] = ()
    user: str = "1000:1000"
    options: tuple[str, ...] = ()
    cases: int = 1
    writes: bool = True

    @property
    def text(self):
        """Whole program."""
        return START + (WRITE if self.writes else "") + self.program

    @property
    def rehearsal(self):
        """What the rehearsal says."""
        return self.here or self.there

    @property
    def agreement(self):
        """Agreement of the two: equal, or differs; with the reason where there is one."""
        return ": ".join(filter(None, ("differs" if self.here else "equal", self.why)))
