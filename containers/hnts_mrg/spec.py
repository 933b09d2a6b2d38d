"""Sockets, labels and limits of HNTS-MRG 2024, task 2: tumours on mid-treatment T2w MRI. Data only."""

from datetime import date

from hnseg.platform.spec import T4_VRAM_GIB, ChallengeSpec, InputSocket, Limits, OutputSocket

# The organisers publish the folders (kwahid/HNTSMRG_2024, Docker_tutorial); the platform's slugs are not published;
# they are taken to be the folders' names, as is usual there.
MID_T2W = "mid-rt-t2w-head-neck"
PRE_T2W = "pre-rt-t2w-head-neck"
PRE_MASK = "pre-rt-head-neck-segmentation"
REGISTERED_T2W = "registered-pre-rt-head-neck"
REGISTERED_MASK = "registered-pre-rt-head-neck-segmentation"
OUTPUT = "mri-head-neck-segmentation"

LABELS = {1: "GTVp", 2: "GTVn"}

# In BIDS names, sessions are called as in the challenge's own file names (midRT, preRT). The suffixes T2w and dseg
# (discrete segmentation) and the entity space, the grid that an image was resampled onto, are the standard's.
_MID, _PRE, _REGISTERED = "ses-midRT", "ses-preRT", "space-midRT"

SPEC = ChallengeSpec(
    name="hnts_mrg",
    title="HNTS-MRG 2024 task 2 (mid-RT)",
    inputs=(
        InputSocket(slug=MID_T2W, relative_path=f"images/{MID_T2W}", title="mid-RT T2w", bids=(_MID, "T2w")),
        InputSocket(
            slug=REGISTERED_MASK,
            relative_path=f"images/{REGISTERED_MASK}",
            title="registered pre-RT mask",
            labels=LABELS,
            required=False,
            dispensable=True,
            on_grid_of=MID_T2W,
            bids=(_PRE, _REGISTERED, "dseg"),
        ),
        InputSocket(
            slug=REGISTERED_T2W,
            relative_path=f"images/{REGISTERED_T2W}",
            title="registered pre-RT T2w",
            required=False,
            dispensable=True,
            on_grid_of=MID_T2W,
            bids=(_PRE, _REGISTERED, "T2w"),
        ),
        InputSocket(
            slug=PRE_T2W,
            relative_path=f"images/{PRE_T2W}",
            title="pre-RT T2w",
            required=False,
            dispensable=True,
            bids=(_PRE, "T2w"),
        ),
        InputSocket(
            slug=PRE_MASK,
            relative_path=f"images/{PRE_MASK}",
            title="pre-RT mask",
            labels=LABELS,
            required=False,
            dispensable=True,
            on_grid_of=PRE_T2W,
            bids=(_PRE, "dseg"),
        ),
    ),
    output=OutputSocket(
        slug=OUTPUT,
        relative_path=f"images/{OUTPUT}",
        title="mid-RT label map",
        labels=LABELS,
        on_grid_of=MID_T2W,
    ),
    limits=Limits(
        time_s=20 * 60,
        ram_gib=16,
        vram_gib=T4_VRAM_GIB,
        source=(
            "Time: hntsmrg24.grand-challenge.org/submission-instructions and kwahid/HNTSMRG_2024 at baaea52."
            " RAM and VRAM: the platform's default GPU choice, T4 on ml.g4dn.xlarge"
            " (DIAGNijmegen/rse-grand-challenge at 4e38c78); what the challenge itself chose is not verified."
        ),
        read_on=date(2025, 12, 19),  # the newest of these sources
    ),
)
