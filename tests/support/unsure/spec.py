"""HNTS-MRG with a map of the entropy beside the label map. Data only."""

from containers.hnts_mrg.spec import SPEC as QUIET
from hnseg.platform.spec import MapSocket

ENTROPY = "entropy-map"

SPEC = QUIET.model_copy(
    update={
        "title": "HNTS-MRG, unsure",
        "maps": (MapSocket(slug=ENTROPY, relative_path=f"images/{ENTROPY}", title="entropy map"),),
    }
)
