"""HNTS-MRG in two editions: as it was, and one that gives a record and asks for a stage and a volume. Data only."""

from containers.hnts_mrg.spec import SPEC as QUIET
from hnseg.platform.spec import AnswerSocket, ValueSocket

RECORD, STAGE, VOLUME = "record", "stage", "volume"

EDITIONS = {
    "quiet": QUIET,
    "asking": QUIET.model_copy(
        update={
            "title": "HNTS-MRG, asking",
            "values": (ValueSocket(slug=RECORD, relative_path="the-record.json", title="health record"),),
            "answers": (
                AnswerSocket(
                    slug=STAGE, relative_path="stage.json", title="stage", choices=("T1", "T2"), if_empty="T1"
                ),
                AnswerSocket(slug=VOLUME, relative_path="more/volume.json", title="volume", if_empty=0.0),
            ),
            "limits": QUIET.limits.model_copy(update={"time_s": 77}),
        }
    ),
}

SPEC = EDITIONS["asking"]
