"""Sockets, labels and limits of HN-UISeg: tumour and nodes on PET/CT or CT alone, with clicks. Data only.

No challenge has exactly these sockets. The paths of the inputs, the file of the clicks and the limits are those of
autoPET IV task 1 (lab-midas/autoPETCTIV at 80af68d), whose clicks are of the platform's kind "Multiple points".
"""

from datetime import date

from hnseg.platform.spec import T4_VRAM_GIB, ChallengeSpec, InputSocket, Limits, MapSocket, OutputSocket, ValueSocket

CT = "ct-image"
PET = "pet-image"
CLICKS = "lesion-clicks"

LABELS = {1: "GTVp", 2: "GTVn"}

SPEC = ChallengeSpec(
    name="hn_uiseg",
    title="HN-UISeg (PET/CT or CT, with clicks)",
    inputs=(
        InputSocket(slug=CT, relative_path="images/ct", title="CT", bids=("ct",)),
        InputSocket(slug=PET, relative_path="images/pet", title="PET", required=False, dispensable=True, bids=("pet",)),
    ),
    values=(ValueSocket(slug=CLICKS, relative_path="lesion-clicks.json", title="clicks", bids=("clicks",)),),
    output=OutputSocket(
        slug="head-neck-tumor-segmentation",
        relative_path="images/head-neck-tumor-segmentation",
        title="label map of tumour and nodes",
        labels=LABELS,
        on_grid_of=CT,
    ),
    maps=(
        MapSocket(
            slug="segmentation-entropy",
            relative_path="images/segmentation-entropy",
            title="entropy of the segmentation",
            kind="entropy",
        ),
    ),
    limits=Limits(
        time_s=15 * 60,
        ram_gib=16,
        vram_gib=T4_VRAM_GIB,
        source="autoPET IV task 1: 15 minutes a case, a T4 with 16 GB; the instance with it has 16 GB of RAM.",
        read_on=date(2026, 11, 28),
    ),
)
