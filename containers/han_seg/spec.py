"""Sockets, labels and limits of HaN-Seg 2023: 30 organs at risk on CT and an unregistered T1 MR. Data only."""

from datetime import date

from hnseg.platform.spec import T4_VRAM_GIB, ChallengeSpec, InputSocket, Limits, OutputSocket

# The organisers publish the folders (gasperpodobnik/HanSeg2023Algorithm); the platform's slugs are not published.
# That of images/ct is ct-image in other challenges; the other two are taken to be named like their folders.
CT = "ct-image"
T1 = "t1-mri"
OUTPUT = "head-neck-oar"

LABELS = {
    1: "A_Carotid_L",
    2: "A_Carotid_R",
    3: "Arytenoid",
    4: "Bone_Mandible",
    5: "Brainstem",
    6: "BuccalMucosa",
    7: "Cavity_Oral",
    8: "Cochlea_L",
    9: "Cochlea_R",
    10: "Cricopharyngeus",
    11: "Esophagus_S",
    12: "Eye_AL",
    13: "Eye_AR",
    14: "Eye_PL",
    15: "Eye_PR",
    16: "Glnd_Lacrimal_L",
    17: "Glnd_Lacrimal_R",
    18: "Glnd_Submand_L",
    19: "Glnd_Submand_R",
    20: "Glnd_Thyroid",
    21: "Glottis",
    22: "Larynx_SG",
    23: "Lips",
    24: "OpticChiasm",
    25: "OpticNrv_L",
    26: "OpticNrv_R",
    27: "Parotid_L",
    28: "Parotid_R",
    29: "Pituitary",
    30: "SpinalCord",
}

# In BIDS names, the suffix T1w is the standard's, and ct that of its extension proposal 024 (computed tomography).
SPEC = ChallengeSpec(
    name="han_seg",
    title="HaN-Seg 2023 (CT and T1 MR)",
    inputs=(
        InputSocket(slug=CT, relative_path="images/ct", title="CT", bids=("ct",)),
        InputSocket(
            slug=T1, relative_path="images/t1-mri", title="T1 MR", required=False, dispensable=True, bids=("T1w",)
        ),
    ),
    output=OutputSocket(
        slug=OUTPUT,
        relative_path="images/head_neck_oar",
        title="label map of the organs at risk",
        labels=LABELS,
        on_grid_of=CT,
    ),
    limits=Limits(
        time_s=15 * 60,
        ram_gib=16,
        vram_gib=T4_VRAM_GIB,
        source=(
            "Time and VRAM: the challenge's report, Podobnik et al., Radiotherapy and Oncology 2024, 110410."
            " RAM: the platform's default, ml.g4dn.xlarge (DIAGNijmegen/rse-grand-challenge at 4e38c78); the"
            " organisers' own test script gives 4 GB and allows up to 30."
        ),
        read_on=date(2025, 12, 19),  # the newest of these sources
    ),
)
