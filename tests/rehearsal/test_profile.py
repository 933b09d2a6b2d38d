from datetime import date

import pytest
from pydantic import ValidationError

from containers.hnts_mrg.spec import SPEC
from hnseg.machine import GIB
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.profile_file import ProfileFile, read_profile

LIMITS = SPEC.limits


def rules_of(profile):
    return {rule.name: rule for rule in profile.rules}


def test_the_challenges_limits_have_the_challenges_source():
    profile = profile_of(LIMITS)
    assert (profile.time_limit_s, profile.ram_gib, profile.vram_gib) == (
        LIMITS.time_s,
        LIMITS.ram_gib,
        LIMITS.vram_gib,
    )
    assert "HNSEG_LIMIT_S" not in profile.environment
    rule = rules_of(profile)["time for a case"]
    assert (rule.value, rule.source, rule.read_on) == (f"{LIMITS.time_s:g} s", LIMITS.source, LIMITS.read_on)


def test_a_chosen_time_limit_is_also_the_containers():
    profile = profile_of(LIMITS, time_limit_s=90)
    assert profile.environment["HNSEG_LIMIT_S"] == "90"
    rule = rules_of(profile)["time for a case"]
    assert (rule.value, rule.read_on) == ("90 s", date.today())
    assert rule.source == "chosen for this rehearsal, and told to the container as HNSEG_LIMIT_S"


def test_the_limits_of_a_process_follow_from_the_machines_memory():
    profile = profile_of(LIMITS, ram_gib=16)
    assert profile.ram_bytes == 16 * GIB
    assert profile.data_limit_bytes == 15 * GIB  # less the one that the platform reserves
    assert profile.shm_bytes == 8 * GIB
    assert rules_of(profile)["data of a process (RLIMIT_DATA)"].value == "15 GiB"
    assert rules_of(profile)["memory"].source == "chosen for this rehearsal"


def test_every_rule_has_a_source_and_the_day_it_was_read():
    assert all(rule.source and rule.read_on <= date.today() for rule in profile_of(LIMITS).rules)


def test_time_must_be_over_0():
    with pytest.raises(ValidationError, match="time_limit_s"):
        profile_of(LIMITS, time_limit_s=-1)


def test_the_default_is_exec_and_invoke_has_rules_of_its_own():
    plain = profile_of(LIMITS)
    assert (plain.name, plain.api_method, plain.pids, plain.log_lines) == ("exec", "exec", 512, 500)
    invoke = profile_of(LIMITS, files=read_profile("invoke"))
    assert (invoke.name, invoke.api_method, invoke.health_limit_s) == ("invoke", "invoke", 300)
    assert rules_of(invoke).keys() - rules_of(plain).keys() == {
        "invoke: healthy within",
        "invoke: a case",
        "invoke: container",
    }


def test_the_cases_of_a_batch_share_the_sum_of_their_limits():
    assert profile_of(LIMITS, files=read_profile("batch")).of_job(3).time_limit_s == 3 * LIMITS.time_s
    assert profile_of(LIMITS).of_job(3).time_limit_s == LIMITS.time_s


def test_as_strict_as_the_platform_only_links_out_of_the_output_and_fork_bombs_are_stricter():
    stricter = {rule.name for rule in profile_of(LIMITS).rules if rule.rehearsed == "stricter"}
    assert stricter == {
        "processes and threads", "privileges", "root file system", "/opt/ml/model", "links out of /output",
    }  # fmt: skip
    platform = profile_of(LIMITS, confinement="platform")
    assert (profile_of(LIMITS).confinement, platform.confinement) == ("stricter", "platform")
    assert {rule.name for rule in platform.rules if rule.rehearsed == "stricter"} == {
        "processes and threads", "links out of /output",
    }  # fmt: skip
    assert rules_of(platform)["processes and threads"].here == "at most 1024, for this machine's sake"
    assert profile_of(LIMITS).as_strict_as_platform().pids == platform.pids == 1024
    assert rules_of(platform).keys() == rules_of(profile_of(LIMITS)).keys()


def test_a_files_limits_go_before_the_challenges_and_options_before_the_files():
    phase = ProfileFile(name="phase", base="exec", source="its page", read_on=date(2026, 5, 1), ram_gib=32, cpus=8)
    files = [*read_profile("exec"), phase]
    profile = profile_of(LIMITS, files=files)
    assert (profile.name, profile.ram_gib, profile.cpus, profile.time_limit_s) == ("phase", 32, 8, LIMITS.time_s)
    rules = rules_of(profile)
    assert [(rules[name].value, rules[name].source) for name in ("memory", "processors")] == [
        ("32 GiB", "its page"),
        ("8", "its page"),
    ]
    assert rules["data of a process (RLIMIT_DATA)"].value == "31 GiB"
    assert rules["time for a case"].source == LIMITS.source
    assert rules_of(profile_of(LIMITS, files=files, ram_gib=4))["memory"].value == "4 GiB"
