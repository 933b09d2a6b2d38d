"""Slurm on this machine alone, started by root for a test: its daemons, with files and ports of their own."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager

from hnseg.machine import processor_numbers

_CONFIGURATION = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
KillWait=2
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} RealMemory=2048 State=UNKNOWN
PartitionName=short Nodes=ALL Default=YES MaxTime=60 State=UP
"""
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "squeue", "sinfo")


def why_no_slurm():
    """Why no Slurm can be started here; empty where it can."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"slurm-wlm is not installed: there is no {missing[0]}"
    return "" if os.geteuid() == 0 else "Slurm's daemons are started by root only"


@contextmanager
def one_node_slurm(folder):
    """Start the daemons with their files in a folder, wait until the node takes jobs, and yield the configuration."""
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    host, ports = socket.gethostname().partition(".")[0], _free_ports(2)
    configuration = folder / "slurm.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            host=host,
            controller_port=ports[0],
            node_port=ports[1],
            processors=len(processor_numbers()),
            folder=folder,
        )
    )
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    files = [f"--{name}-file={folder}/munge.{name}" for name in ("key", "pid", "log", "seed")]
    with ExitStack() as daemons:
        _start(daemons, folder, "munged", "--foreground", "--force", f"--socket={folder}/munge.socket", *files)
        _wait_until((folder / "munge.socket").exists)
        _start(daemons, folder, "slurmctld", "-D", "-f", str(configuration))
        _start(daemons, folder, "slurmd", "-D", "-f", str(configuration))
        _wait_until(lambda: asked(configuration, "sinfo", "-h", "-o", "%t") == "idle")
        yield configuration


def asked(configuration, *command):
    """What a command of Slurm prints."""
    environment = {**os.environ, "SLURM_CONF": str(configuration)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout.strip()


def _start(daemons, folder, *command):
    with (folder / "daemons.txt").open("a") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    daemons.callback(_end, daemon)


def _end(daemon):
    daemon.terminate()
    try:
        daemon.wait(10)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _free_ports(number):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _wait_until(condition, seconds=30):
    until_s = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until_s:
            raise TimeoutError
        time.sleep(0.1)
