"""Sockets, labels and limits of recurrence volumes: planning PET/CT with its GTV. Data only.

No challenge has these sockets. After Kutnár et al. (2023); paths, slugs and limits are in the form of HECKTOR's.
"""

from datetime import date

from hnseg.platform.spec import T4_VRAM_GIB, ChallengeSpec, InputSocket, Limits, MapSocket, OutputSocket

CT = "ct-image"
PET = "pet-image"
GTV = "gtv-segmentation"
BRAIN = "brain-segmentation"
PROBABILITY = "recurrence-probability"

LABELS = {1: "recurrence"}

SPEC = ChallengeSpec(
    name="recurrence",
    title="Recurrence volumes (PET/CT with the GTV)",
    inputs=(
        InputSocket(slug=CT, relative_path="images/ct", title="CT", bids=("ct",)),
        InputSocket(slug=PET, relative_path="images/pet", title="PET", bids=("pet",)),
        InputSocket(
            slug=GTV,
            relative_path="images/gtv-segmentation",
            title="label map of the GTV",
            labels={1: "GTV"},
            on_grid_of=CT,
            bids=("label-GTV", "mask"),
        ),
        InputSocket(
            slug=BRAIN,
            relative_path="images/brain-segmentation",
            title="label map of the brain",
            labels={1: "brain"},
            required=False,
            dispensable=True,
            on_grid_of=CT,
            bids=("label-brain", "mask"),
        ),
    ),
    output=OutputSocket(
        slug="recurrence-segmentation",
        relative_path="images/recurrence-segmentation",
        title="label map of the recurrence volume",
        labels=LABELS,
        on_grid_of=CT,
    ),
    maps=(
        MapSocket(
            slug=PROBABILITY,
            relative_path="images/recurrence-probability",
            title="probability of the recurrence",
            kind="probability",
        ),
    ),
    limits=Limits(
        time_s=10 * 60,
        ram_gib=16,
        vram_gib=T4_VRAM_GIB,
        source="No challenge sets any; those of HECKTOR 2025 task 1, a T4 with 16 GB, 16 GB of RAM and 10 minutes.",
        read_on=date(2026, 11, 30),
    ),
)
