from hnseg.rehearsal.case_run import CaseRun
from hnseg.rehearsal.running.watch import MemoryPeak


def test_time_status_and_memory_alone_are_a_run_that_ended_by_itself_in_time():
    run = CaseRun(seconds=1.5, exit_code=0, memory=MemoryPeak(0.5, 0.6, "test"))
    assert (run.timed_out, run.memory_killed, run.server_fault) == (False, False, None)
    assert run.obeyed_sigterm
    assert (run.startup_s, run.invoke_status, run.gpus, run.vram_gib) == (None, None, 0, None)
