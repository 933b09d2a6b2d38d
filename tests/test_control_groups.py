"""Limits of nested control groups, of both versions, as containers, systemd and batch systems set them."""

from math import inf

import pytest

from hnseg.control_groups import memory_limit_bytes, processor_limit
from tests.support.control_groups import VERSION_1, VERSION_2, write_control_groups

TOP = "/sys/fs/cgroup"
NO_LIMIT = "9223372036854771712"  # as version 1 writes it


def version_1(controllers, *, top="/", at=None):
    return VERSION_1.format(top=top, at=at or f"{TOP}/{controllers}", controllers=controllers)


@pytest.mark.parametrize("limited", ["", "/user.slice", "/user.slice/job 7"])
def test_a_limit_of_any_group_above_counts(tmp_path, limited):
    groups = {
        f"{TOP}{group}": {"memory.max": "max", "memory.high": "max", "cpu.max": "max 100000"}
        for group in ("", "/user.slice", "/user.slice/job 7", "/other.slice")
    }
    groups[f"{TOP}/other.slice"] = {"memory.max": "1", "cpu.max": "1 100000"}
    groups[f"{TOP}{limited}"] = {"memory.max": "3000", "memory.high": "max", "cpu.max": "250000 100000"}
    root = write_control_groups(tmp_path, groups, own="0::/user.slice/job 7")
    assert (memory_limit_bytes(root), processor_limit(root)) == (3000, 2.5)


def test_the_least_of_all_limits_counts(tmp_path):
    groups = {
        f"{TOP}/a": {"memory.max": "2000", "cpu.max": "300000 100000"},
        f"{TOP}/a/b": {"memory.max": "4000", "cpu.max": "50000 100000"},
        f"{TOP}/a/b/c": {"memory.max": "3000", "memory.high": "1500", "cpuset.cpus.effective": "0-1,4"},
    }
    root = write_control_groups(tmp_path, groups, own="0::/a/b/c")
    assert (memory_limit_bytes(root), processor_limit(root)) == (1500, 0.5)


def test_the_older_version_has_a_hierarchy_for_each_controller(tmp_path):
    groups = {
        f"{TOP}/memory": {"memory.limit_in_bytes": NO_LIMIT},
        f"{TOP}/memory/slurm": {"memory.limit_in_bytes": "5000"},
        f"{TOP}/memory/slurm/job": {"memory.limit_in_bytes": NO_LIMIT},
        f"{TOP}/cpu,cpuacct/batch": {"cpu.cfs_quota_us": "150000", "cpu.cfs_period_us": "100000"},
        f"{TOP}/cpu,cpuacct/batch/x": {"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"},
        f"{TOP}/cpuset/set": {"cpuset.cpus": "0-3,8"},
    }
    mounts = "\n".join(version_1(each) for each in ("memory", "cpu,cpuacct", "cpuset"))
    own = "12:memory:/slurm/job\n4:cpu,cpuacct:/batch/x\n3:cpuset:/set\n1:name=systemd:/init"
    root = write_control_groups(tmp_path, groups, own=own, mounts=mounts)
    assert (memory_limit_bytes(root), processor_limit(root)) == (5000, 1.5)
    (root / "sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us").write_text("-1")
    assert processor_limit(root) == 5


def test_both_versions_may_be_mounted_at_once(tmp_path):
    groups = {
        f"{TOP}/memory/job": {"memory.limit_in_bytes": "5000"},
        f"{TOP}/unified/session": {"cpu.max": "100000 100000"},
    }
    mounts = "\n".join([version_1("memory"), VERSION_2.format(top="/", at=f"{TOP}/unified")])
    root = write_control_groups(tmp_path, groups, own="4:memory:/job\n0::/session", mounts=mounts)
    assert (memory_limit_bytes(root), processor_limit(root)) == (5000, 1)


@pytest.mark.parametrize(
    ("own", "top"),
    [
        pytest.param("0::/", "/", id="a namespace of its own"),
        pytest.param("0::/docker/4f2a", "/docker/4f2a", id="only its own group is mounted"),
        pytest.param("0::/docker/4f2a", "/", id="another namespace's path"),
        pytest.param("0::/../../system.slice", "/", id="moved out of the namespace"),
        pytest.param("0::/../job", "/../job", id="mounted from outside the namespace"),
        pytest.param("", "/", id="no group told"),
    ],
)
def test_in_a_container_the_group_that_is_mounted_counts(tmp_path, own, top):
    groups = {TOP: {"memory.max": "7000", "cpu.max": "200000 100000"}, "/sys/system.slice": {"memory.max": "1"}}
    root = write_control_groups(tmp_path, groups, own=own, mounts=VERSION_2.format(top=top, at=TOP))
    assert (memory_limit_bytes(root), processor_limit(root)) == (7000, 2)


def test_a_group_below_the_one_that_is_mounted_counts_too(tmp_path):
    groups = {TOP: {"memory.max": "7000"}, f"{TOP}/inner/most": {"memory.max": "6000"}}
    mounts = VERSION_2.format(top="/docker/4f2a", at=TOP)
    root = write_control_groups(tmp_path, groups, own="0::/docker/4f2a/inner/most", mounts=mounts)
    assert memory_limit_bytes(root) == 6000


def test_a_mount_may_have_a_blank_in_its_name(tmp_path):
    groups = {"/mnt/all groups": {"memory.max": "7000"}}
    root = write_control_groups(tmp_path, groups, mounts=VERSION_2.format(top="/", at="/mnt/all\\040groups"))
    assert memory_limit_bytes(root) == 7000


@pytest.mark.parametrize(
    "files",
    [
        {"memory.max": "max", "cpu.max": "max 100000"},
        {"memory.max": "", "cpu.max": ""},
        {"memory.max": "-1", "cpu.max": "-1 100000"},
        {"memory.max": "²", "cpu.max": "100000"},
        {"cpu.max": "100000 0"},
        {"cpuset.cpus.effective": ""},
        {},
    ],
)
def test_what_is_no_limit_limits_nothing(tmp_path, files):
    root = write_control_groups(tmp_path, {TOP: files})
    assert (memory_limit_bytes(root), processor_limit(root)) == (inf, inf)


def test_what_can_not_be_read_limits_nothing(tmp_path):
    root = write_control_groups(tmp_path, {TOP: {}})
    (root / "sys/fs/cgroup/memory.max").mkdir()
    (root / "sys/fs/cgroup/cpu.max").symlink_to("cpu.max")
    assert (memory_limit_bytes(root), processor_limit(root)) == (inf, inf)
    assert (memory_limit_bytes(tmp_path / "none"), processor_limit(tmp_path / "none")) == (inf, inf)


def test_this_process_has_limits_that_let_it_run():
    assert memory_limit_bytes() > 1 << 24
    assert processor_limit() > 0
