"""Trainer of nnU-Net whose batches get channels of clicks, drawn after the augmentation.

Only the training itself imports this module: nnU-Net takes seconds to import.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from hnseg.imaging.prompts.click import VoxelClick
from hnseg_training.fitting.prompts.settings import PromptTraining, Stage
from hnseg_training.fitting.prompts.simulation import Labels, Simulation

_VALIDATION_SEED = 15


class PromptedTrainer(nnUNetTrainer):  # type: ignore[misc]  # nnU-Net is untyped
    """Addition to a trainer of nnU-Net's: simulated clicks, by the stage of the training.

    The data loader keeps the channels of the images; those of clicks are concatenated to its batches. Places are drawn
    from torch's global generator, and in validation from a seed, so that each epoch's clicks follow the same draws.
    """

    prompts: PromptTraining | None = None
    stage: Stage = "pretrain"
    _validated = 0

    def train_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Train on a batch, to which the channels of clicks are added."""
        if self.prompts:
            batch = self._with_clicks(batch, np.random.default_rng(int(torch.randint(2**62, (1,)))))
        outcome: dict[str, Any] = super().train_step(batch)
        return outcome

    def on_validation_epoch_start(self) -> None:
        """Begin the draws of the validation anew."""
        super().on_validation_epoch_start()
        self._validated = 0

    def validation_step(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Validate on a batch, to which the channels of clicks are added."""
        if self.prompts:
            self._validated += 1
            batch = self._with_clicks(batch, np.random.default_rng([_VALIDATION_SEED, self._validated]))
        outcome: dict[str, Any] = super().validation_step(batch)
        return outcome

    def perform_actual_validation(self, save_probabilities: bool = False) -> None:
        """Segment the validation cases without clicks."""
        if not self.prompts:
            super().perform_actual_validation(save_probabilities)
            return
        empty = len(self.prompts.encoding.channel_names)
        hook = self.network.register_forward_pre_hook(lambda _, given: (_with_empty(given[0], empty),))
        try:
            super().perform_actual_validation(save_probabilities)
        finally:
            hook.remove()

    def simulated_user(self) -> Simulation:
        """Return the simulated user of this training's patches.

        No property, since nnU-Net reads every attribute of a trainer for its log, with clicks or without.
        """
        assert self.prompts is not None
        return Simulation(
            self.prompts,
            {name: value for name, value in self.dataset_json["labels"].items() if isinstance(value, int)},
            tuple(self.configuration_manager.spacing),
            self.label_manager.ignore_label,
        )

    def _with_clicks(self, batch: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
        """Return a batch whose last channels are those of clicks."""
        assert self.prompts is not None
        images, target = batch["data"], batch["target"]
        labels = (target[0] if isinstance(target, list) else target)[:, 0].cpu().numpy().astype(np.int64)
        shape = tuple(images.shape[2:])
        drawn = [
            self.prompts.encoding.draw(clicks, shape, self.configuration_manager.spacing)
            for clicks in self._clicks(images, labels, rng)
        ]
        channels = torch.from_numpy(np.stack(drawn)).to(images)
        return {**batch, "data": torch.cat([images, channels], 1)}

    def _clicks(self, images: torch.Tensor, labels: Labels, rng: np.random.Generator) -> list[list[VoxelClick]]:
        """Return the clicks of each patch of a batch, as the stage has them."""
        is_active = rng.random(len(labels)) < self._probability_of_clicks()
        if not is_active.any():
            return [[] for _ in labels]
        user, ct = self.simulated_user(), images[:, 0].cpu().numpy()
        if self.stage == "interactive":
            predicted = self._predicted(images)
            clicks = [user.on_errors(*patch, rng) for patch in zip(labels, predicted, strict=True)]
        else:
            clicks = [user.on_structures(*patch, rng) for patch in zip(labels, ct, strict=True)]
        return [each if active else [] for each, active in zip(clicks, is_active, strict=True)]

    def _probability_of_clicks(self) -> float:
        """Return the probability that a patch has clicks."""
        assert self.prompts is not None
        return {"pretrain": self.prompts.active, "automatic": 0.0, "interactive": 1 - self.prompts.without}[self.stage]

    def _predicted(self, images: torch.Tensor) -> Labels:
        """Return the labels that the network gives to patches without clicks, (b, z, y, x)."""
        assert self.prompts is not None
        given = _with_empty(images.to(self.device), len(self.prompts.encoding.channel_names))
        is_training = self.network.training
        self.network.eval()
        try:
            with torch.no_grad(), torch.autocast(self.device.type, enabled=self.device.type == "cuda"):
                output = self.network(given)
        finally:
            self.network.train(is_training)
        finest = output[0] if isinstance(output, (list, tuple)) else output
        labels: Labels = finest.argmax(1).cpu().numpy()
        return labels


def _with_empty(images: torch.Tensor, count: int) -> torch.Tensor:
    """Return images (b, c, z, y, x) with further channels of zeros."""
    return torch.cat([images, images.new_zeros((images.shape[0], count, *images.shape[2:]))], 1)
