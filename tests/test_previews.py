"""Previews of a case, which are delivered first, and what a signal leaves of it."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg import method
from containers.hnts_mrg.spec import SPEC
from hnseg import pipeline
from hnseg.errors import StoppedWithOutputError
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.pipeline import run_case
from hnseg.platform.challenge import Challenge
from hnseg.platform.writing import write_output
from hnseg.provenance import Provenance
from tests.support.simulated_backend import Clock, SimulatedBackend
from tests.support.small_case import OUTPUT_FILE, files_below, write_small_case
from tests.support.unsure import method as unsure_method
from tests.support.unsure import spec as unsure_spec

CHALLENGE = Challenge(SPEC, method)
UNSURE = Challenge(unsure_spec.SPEC, unsure_method)
ENTROPY_FILE = f"images/{unsure_spec.ENTROPY}/output.mha"


class Later(SimulatedBackend):
    """Networks whose largest logit is that of class 1 in their first passes, and of class 2 later."""

    first: ClassVar[int] = 2 + 2  # to measure a pass, and a preview by two tiles

    def logits(self, fold, batch):
        logits = super().logits(fold, batch).clone()
        if self.passes <= self.first:
            logits[:, 1] += 9
        return logits


@dataclass
class Limited:
    """The small case with 50 s for it, of which a pass takes one and a delivery two."""

    input_dir: Path
    output_dir: Path
    model_dir: Path
    clock: Clock = field(default_factory=Clock)
    provenance: Provenance = field(default_factory=Provenance)
    delivered: list[list[int]] = field(default_factory=list)

    def run(self, fails=None, *, challenge=CHALLENGE):
        ensemble = Ensemble(open_bundle(self.model_dir), Later(self.clock, lambda _now_s: 1.0, fails=fails))
        folders = {"inputs": self.input_dir, "output_dir": self.output_dir}
        run_case(challenge, ensemble, **folders, deadline=Deadline(50, 0, self.clock), provenance=self.provenance)

    @property
    def record(self):
        return json.loads(self.provenance.as_json())


@pytest.fixture
def limited(tmp_path, model_dir, monkeypatch):
    case = Limited(write_small_case(tmp_path / "input"), tmp_path / "output", model_dir)
    case.output_dir.mkdir()

    def write(spec, label_map, *others, **answers):
        case.clock.now_s += 2
        case.delivered.append(np.unique(sitk.GetArrayFromImage(label_map)).tolist())
        write_output(spec, label_map, *others, **answers)

    monkeypatch.setattr(pipeline, "write_output", write)
    return case


def test_a_preview_is_delivered_first_and_leaves_no_record(limited):
    limited.run()
    assert limited.delivered == [[1], [2]]
    assert list(limited.record["stages_s"]) == ["read", "check", "prepare", "predict", "finish", "write"]
    assert limited.record["predict_s"]["first_look"] == 2
    assert limited.record["notes"] == []


def stop_at(passes):
    """Return a function that raises SystemExit, as a signal does, before the first pass after so many."""

    def stop(backend):
        if backend.passes >= passes:
            raise SystemExit(143)

    return stop


def test_a_case_that_is_stopped_after_its_preview_delivers_it_as_the_result(limited):
    with pytest.raises(StoppedWithOutputError) as stopped:
        limited.run(stop_at(Later.first + 3))
    assert stopped.value.code == 143
    assert limited.delivered == [[1], [1]]
    assert limited.record["notes"][-1].startswith("Of 10 planes 10 are those of a first look")
    assert list(limited.record["stages_s"]) == ["read", "check", "prepare", "finish", "write"]
    assert files_below(limited.output_dir) == [OUTPUT_FILE]


def test_a_case_that_is_stopped_before_its_preview_delivers_nothing(limited):
    with pytest.raises(SystemExit) as stopped:
        limited.run(stop_at(Later.first - 1))
    assert not isinstance(stopped.value, StoppedWithOutputError)
    assert limited.delivered == []
    assert files_below(limited.output_dir) == []


def test_a_preview_has_its_map_too_from_the_one_fold_that_it_has(limited):
    with pytest.raises(StoppedWithOutputError):
        limited.run(stop_at(Later.first + 1), challenge=UNSURE)
    assert files_below(limited.output_dir) == sorted([ENTROPY_FILE, OUTPUT_FILE])
    entropy = sitk.GetArrayFromImage(sitk.ReadImage(str(limited.output_dir / ENTROPY_FILE)))[1:-1, 1:-1, 1:-1]
    assert 0 < entropy.min() <= entropy.max() < math.log(3)
    assert limited.record["uncertainty"]["members_seen"] == 1
