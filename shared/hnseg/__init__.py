"""nnU-Net ensembles as Grand Challenge containers for head-and-neck radiotherapy.

Research software, not a medical device.

    import SimpleITK as sitk

    import hnseg

    ensemble = hnseg.load_ensemble(hnseg.open_bundle("path/to/model"))
    result = hnseg.predict(ensemble, [sitk.ReadImage("t2w.mha")])
    sitk.WriteImage(result.label_map, "segmentation.mha")

`predict` takes several ensembles in a list too, and averages their probabilities.

Each name is imported when it is first used, so that `import hnseg` brings neither torch nor SimpleITK.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hnseg.version import __version__

if TYPE_CHECKING:
    from hnseg.evaluation.ranking.ranking import rank_teams
    from hnseg.evaluation.scoring import score_folder
    from hnseg.imaging.geometry import Grid
    from hnseg.imaging.registration.rigid import register_rigid
    from hnseg.inference.loading import load_ensemble
    from hnseg.inference.model.bundle import open_bundle
    from hnseg.inference.predictor import predict
    from hnseg.platform.challenge import load_challenge
    from hnseg.refinement.session import RefinementSession

__all__ = [
    "Grid",
    "RefinementSession",
    "__version__",
    "load_challenge",
    "load_ensemble",
    "open_bundle",
    "predict",
    "rank_teams",
    "register_rigid",
    "score_folder",
]

_MODULES = {
    "Grid": "hnseg.imaging.geometry",
    "RefinementSession": "hnseg.refinement.session",
    "load_challenge": "hnseg.platform.challenge",
    "load_ensemble": "hnseg.inference.loading",
    "open_bundle": "hnseg.inference.model.bundle",
    "predict": "hnseg.inference.predictor",
    "rank_teams": "hnseg.evaluation.ranking.ranking",
    "register_rigid": "hnseg.imaging.registration.rigid",
    "score_folder": "hnseg.evaluation.scoring",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    """List the public names, those not imported yet among them."""
    return sorted(__all__)
