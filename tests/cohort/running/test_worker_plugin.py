from types import SimpleNamespace

import pytest

from hnseg.cohort.running import worker_plugin
from hnseg.cohort.running.supervisor import Share
from hnseg.cohort.running.worker_plugin import SupervisorPlugin
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.attempts import AttemptCounts
from hnseg.cohort.state.store import CaseStore
from hnseg.errors import StoppedError
from tests.support.cohort_works import make_cases, work_reference


def test_each_worker_has_a_supervisor_from_its_setup_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_plugin, "_SUPERVISORS", {})
    shares = {"0": Share(gpu="5")}
    store, counts = CaseStore(tmp_path / "results"), AttemptCounts(tmp_path / "counts")
    plugin = SupervisorPlugin(work_reference("surroundings"), store, counts, RunSettings(), shares)
    first, second = SimpleNamespace(id="a", name=0), SimpleNamespace(id="b", name="job-1")
    plugin.setup(first)
    plugin.setup(second)
    case, other = make_cases(tmp_path / "cases", 2)
    monkeypatch.setattr(worker_plugin, "get_worker", lambda: first)
    assert worker_plugin.run_case(case).worker.gpu == "5"
    supervisor = worker_plugin._SUPERVISORS["a"]
    plugin.teardown(first)
    plugin.teardown(second)
    assert worker_plugin._SUPERVISORS == {}
    with pytest.raises(StoppedError):
        supervisor.run(other)
