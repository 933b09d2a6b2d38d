"""Sockets, labels and limits of HECKTOR, task 1 of 2025 and the whole of 2026: tumour and nodes on PET/CT. Data only.

One method serves both editions; they differ in the folder of the label map, in the time, and in the answers.
"""

from datetime import date

from hnseg.clinical import N_STAGES, T_STAGES
from hnseg.platform.spec import T4_VRAM_GIB, AnswerSocket, ChallengeSpec, InputSocket, Limits, OutputSocket, ValueSocket

# Paths: BioMedIA-MBZUAI/HECKTOR2025 (docker-template at 503f89d) and HECKTOR2026 (docker-template). The slugs of the
# inputs are those of 2026; whether 2025 has the same is not published.
CT = "ct-image"
PET = "pet-image"
EHR = "electronic-health-record"
T_STAGE = "t-stage"
N_STAGE = "n-stage"
RFS = "rfs"

LABELS = {1: "GTVp", 2: "GTVn"}

# In BIDS names, the suffix pet is the standard's, ct that of its extension proposal 024 (computed tomography), and ehr
# ours: the standard has no file of one subject's health record.
_INPUTS = (
    InputSocket(slug=CT, relative_path="images/ct", title="CT", bids=("ct",)),
    InputSocket(slug=PET, relative_path="images/pet", title="PET", required=False, dispensable=True, bids=("pet",)),
)
_VALUES = (ValueSocket(slug=EHR, relative_path="ehr.json", title="electronic health record", bids=("ehr",)),)
_ANSWERS = (
    # Answers beside an empty label map: those of a tumour too small to be seen.
    AnswerSocket(slug=T_STAGE, relative_path="t-stage.json", title="T stage", choices=T_STAGES, if_empty="T1"),
    AnswerSocket(slug=N_STAGE, relative_path="n-stage.json", title="N stage", choices=N_STAGES, if_empty="N0"),
    AnswerSocket(slug=RFS, relative_path="rfs.json", title="relapse-free survival", if_empty=0.0),
)


def _output(slug: str) -> OutputSocket:
    """Return the socket of the label map."""
    title = "label map of tumour and nodes"
    return OutputSocket(slug=slug, relative_path=f"images/{slug}", title=title, labels=LABELS, on_grid_of=CT)


def _limits(minutes: int, readme: str, read_on: date) -> Limits:
    """Return the limits of an edition: 16 GiB of memory, a T4, and some minutes."""
    source = f"README of {readme}: T4 with 16 GB, 16 GB of RAM, {minutes} minutes."
    return Limits(time_s=minutes * 60, ram_gib=16, vram_gib=T4_VRAM_GIB, source=source, read_on=read_on)


EDITIONS = {
    "2025": ChallengeSpec(
        name="hecktor",
        title="HECKTOR 2025 task 1 (PET/CT)",
        inputs=_INPUTS,
        values=_VALUES,
        output=_output("tumor-lymph-node-segmentation"),
        limits=_limits(10, "BioMedIA-MBZUAI/HECKTOR2025 at 503f89d", date(2025, 12, 19)),
    ),
    "2026": ChallengeSpec(
        name="hecktor",
        title="HECKTOR 2026 (PET/CT)",
        inputs=_INPUTS,
        values=_VALUES,
        output=_output("head-neck-tumor-segmentation"),
        answers=_ANSWERS,
        limits=_limits(25, "BioMedIA-MBZUAI/HECKTOR2026, branch docker-template", date(2026, 8, 1)),
    ),
}
"""Editions by the name that configuration gives."""

SPEC = EDITIONS["2026"]
