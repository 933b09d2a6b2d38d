"""Options of a run: each described once, for the container, the command line and the environment alike.

`hnseg.entrypoint` makes argparse's arguments of these, `hnseg.cli.options` typer's, and both read the same environment
variables. The value types are those that the core takes.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from typing import Literal, get_args

Device = Literal["auto", "cpu", "cuda"]
"""Processor of the networks: `auto` is CUDA where there is a GPU."""
Precision = Literal["exact", "fast"]
"""Arithmetic of the networks. `exact` computes as nnU-Net does, in single precision on a processor and under float16
autocast on a GPU, and sums over tiles in single precision. `fast` computes in bfloat16 on a processor that has it, and
on a GPU sums over tiles in float16 too, as nnU-Net does."""
BackendName = Literal["auto", "torch", "openvino", "onnxruntime"]
"""Library that runs the networks: `auto` is OpenVINO on a processor where it is installed. `onnxruntime` runs graphs
alone, which torch can't run; on a GPU, it is what `auto` takes for them."""
CheckpointName = Literal["auto", "final", "best", "latest"]
"""Checkpoint of nnU-Net's result folder: `auto` is the final one, or the best of a fold that has no final one."""
Skip = Literal["none", "air", "far"]
"""Tiles left to be background without a network: those of `air`, or those `far` from the prior."""
ApiMethod = Literal["exec", "invoke"]
"""Generation of the platform's interface: `exec` runs one case and exits, `invoke` serves requests."""
OnError = Literal["fail", "empty"]
"""Output of a case that failed: none and status 1, or an empty one, said so."""


@dataclass(frozen=True)
class Option:
    """One option of a run.

    Attributes:
        name: Name on the command line, without dashes; empty where only the environment sets it.
        variable: Environment variable; empty where only the command line sets it.
        values: Allowed values, the default first; empty for a free one.
        default: Default as the table of variables shows it.
        help: Sentence for the command line's help.
    """

    name: str
    variable: str
    values: tuple[str, ...]
    default: str
    help: str

    def from_environment(self, parser: argparse.ArgumentParser) -> str:
        """Return the environment's value in lower case, or the default; one that isn't allowed is a usage error."""
        value = (os.environ.get(self.variable) or self.default).lower() if self.variable else self.default
        if value not in self.values:
            *most, last = self.values
            parser.error(f"{self.variable} must be {', '.join(most)} or {last}, found {value!r}")
        return value

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Add the option to a parser, with the environment's value as its default."""
        default = self.from_environment(parser)
        parser.add_argument(f"--{self.name}", choices=self.values, default=default, help=self.help)


DEVICE = Option("device", "", get_args(Device), "auto", "Where the networks run; auto is a GPU where there is one.")
PRECISION = Option(
    "precision",
    "HNSEG_PRECISION",
    get_args(Precision),
    "exact",
    "exact: nnU-Net's label map; fast: in half precision, sooner.",
)
BACKEND = Option(
    "backend",
    "HNSEG_BACKEND",
    get_args(BackendName),
    "auto",
    "What runs the networks; auto is OpenVINO on a CPU that has it.",
)
CHECKPOINT = Option(
    "checkpoint",
    "HNSEG_CHECKPOINT",
    get_args(CheckpointName),
    "auto",
    "Checkpoint of each fold; auto: final, or best of a fold without it.",
)
SKIP = Option(
    "skip",
    "HNSEG_SKIP",
    get_args(Skip),
    "none",
    "Tiles left unseen: those of air, or far from the prior; sooner.",
)
LIMIT_S = Option(
    "limit-s",
    "HNSEG_LIMIT_S",
    (),
    "the challenge's limit",
    "Seconds a case may take; the challenge's limit if left out.",
)
EDITION = Option("edition", "HNSEG_EDITION", (), "the latest", "Which edition of the challenge, where it has several.")
API_METHOD = Option(
    "", "HNSEG_API_METHOD", get_args(ApiMethod), "exec", "exec: one case, then exit; invoke: serve requests."
)
ON_ERROR = Option(
    "",
    "HNSEG_ON_ERROR",
    get_args(OnError),
    "fail",
    "fail: status 1; empty: write empty outputs, say so, and go on.",
)

RUN_OPTIONS = (DEVICE, PRECISION, BACKEND, CHECKPOINT, SKIP, LIMIT_S, EDITION, API_METHOD, ON_ERROR)


def environment_table() -> str:
    """Return a Markdown table of the environment variables, a row each: name, values, default and meaning."""
    rows = [
        f"| `{option.variable}` | {', '.join(f'`{value}`' for value in option.values) or 'free'} |"
        f" {option.default} | {option.help} |"
        for option in RUN_OPTIONS
        if option.variable
    ]
    return "\n".join(["| environment variable | values | default | meaning |", "|---|---|---|---|", *rows])
