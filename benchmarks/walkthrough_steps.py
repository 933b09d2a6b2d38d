"""Steps from a challenge's public layout to the two archives that are uploaded, as data: what `walkthrough.py` runs."""

from __future__ import annotations

from dataclasses import dataclass, field

BASE_IMAGE = "HNSEG_BASE_IMAGE"
"""Variable that names the base of the image."""


@dataclass(frozen=True)
class Step:
    """A command of the shell, run from the root of the repository.

    Attributes:
        name: Column of the table of minutes.
        says: Sentence above the command.
        command: The command, which a reader can copy.
        lines: Lines of its output that are kept, the last ones.
    """

    name: str
    says: str
    command: str
    lines: int = 6


@dataclass(frozen=True)
class Walk:
    """A challenge, and what is particular about its way.

    Attributes:
        title: Heading.
        layout: The public layout, in a sentence.
        preset: Preset that the demo is planned with.
        phantom: Challenge whose phantoms have the public layout; its own if left out.
        cases: Phantoms that stand in for the public data.
        settings: Value of `convert --settings`; None for the default.
        outcomes: Whether models of outcomes are fitted.
        long: Command of the long training on the public data, with the preset that its authors or nnU-Net would take.
    """

    title: str
    layout: str
    preset: str
    phantom: str = ""
    cases: int = 6
    settings: str | None = None
    outcomes: bool = False
    long: str = field(default="default")

    def steps(self, challenge: str) -> list[Step]:
        """Return the steps, the phantoms first."""
        return [
            self._phantoms(challenge),
            *self._training(challenge),
            *(_outcomes(challenge) for _ in range(self.outcomes)),
            _export(challenge),
            *_image(challenge),
        ]

    def _phantoms(self, challenge: str) -> Step:
        phantom = self.phantom or challenge
        return Step(
            "phantoms",
            f"Stands in for the download: {self.cases} synthetic patients. {self.layout}",
            f"hnseg phantom {phantom} --layout challenge --cases {self.cases} --seed 1 --output build/{challenge}/data",
            lines=3,
        )

    def _training(self, challenge: str) -> list[Step]:
        settings = f" --settings {self.settings}" if self.settings else ""
        return [
            Step(
                "convert",
                "Reads the public layout, computes the channels and deals the patients into folds.",
                f"hnseg-train convert {challenge} build/{challenge}/data --output build/{challenge}/training{settings}",
            ),
            Step(
                "plan",
                f"Plans and resamples. For a real training `--preset {self.long}`.",
                f"hnseg-train plan {challenge} --work build/{challenge}/training --preset {self.preset}",
                lines=20,
            ),
            Step(
                "fit",
                "Trains the five folds, here for eight iterations each, so that nothing is learnt."
                " For a real training leave `--epochs` and `--iterations` out.",
                f"hnseg-train fit {challenge} --work build/{challenge}/training --epochs 1 --iterations 8 --threads 2",
                lines=8,
            ),
        ]


def _outcomes(challenge: str) -> Step:
    return Step(
        "outcomes",
        "Fits the models of stage and survival, here on the outlined structures.",
        f"hnseg-train outcomes {challenge} --work build/{challenge}/training",
    )


def _export(challenge: str) -> Step:
    return Step(
        "export",
        "Writes the bundle and, beside it, **the archive of the model**.",
        f"hnseg-train export {challenge} --work build/{challenge}/training --output build/{challenge}/model"
        f' --name "My {challenge}" --licence CC-BY-NC-4.0',
        lines=8,
    )


def _image(challenge: str) -> list[Step]:
    return [
        Step(
            "build",
            "Builds the image.",
            f'docker build --quiet -f containers/Dockerfile --build-arg BASE_IMAGE="${BASE_IMAGE}"'
            f" --build-arg CHALLENGE={challenge} -t my-{challenge} .",
            lines=1,
        ),
        Step(
            "rehearse",
            "Runs the image with the model on a case, under the platform's rules.",
            f"hnseg rehearse containers/{challenge} --image my-{challenge} --model build/{challenge}/model"
            f" --case test_data/{challenge}/case_000 --report build/{challenge}/rehearsal",
            lines=24,
        ),
        Step(
            "save",
            "Writes **the archive of the image**.",
            f"docker save my-{challenge} | gzip > build/{challenge}/image.tar.gz",
            lines=1,
        ),
        Step(
            "look",
            "The two archives, to be uploaded on the algorithm's page: under Containers, then under Models.",
            f"ls -sh build/{challenge}/image.tar.gz build/{challenge}/model.tar.gz",
            lines=2,
        ),
    ]


WALKS = {
    "hnts_mrg": Walk(
        title="HNTS-MRG 2024",
        layout="`HNTSMRG24_train.zip` of [Zenodo 11199559](https://zenodo.org/records/11199559), unpacked, looks so.",
        preset="demo",
        long="paper",
    ),
    "han_seg": Walk(
        title="HaN-Seg 2023",
        layout="`HaN-Seg.zip` of [Zenodo 7442914](https://zenodo.org/records/7442914), unpacked, looks so.",
        preset="demo-han-seg",
        long="resenc-m",
    ),
    "hecktor": Walk(
        title="HECKTOR 2026",
        layout="The archive that the organisers give on request, unpacked, looks so.",
        preset="demo-hecktor",
        cases=10,
        settings="winner",
        outcomes=True,
        long="hecktor-winner",
    ),
    "hn_uiseg": Walk(
        title="HN-UISeg",
        layout="It learns from HECKTOR's public data.",
        preset="demo-hn-uiseg",
        phantom="hecktor",
        settings="crop",
        long="hn-uiseg",
    ),
    "recurrence": Walk(
        title="Recurrence volumes",
        layout="A folder a patient; [the container's page](../containers/recurrence/README.md) has the names.",
        preset="demo-recurrence",
        long="recurrence",
    ),
}
"""The five ways, by the challenge's folder under containers/."""
