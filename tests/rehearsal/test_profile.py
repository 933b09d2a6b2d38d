from datetime import date

import pytest
from pydantic import ValidationError

from containers.hnts_mrg.spec import SPEC
from hnseg.machine import GIB
from hnseg.rehearsal.profile import profile_of

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
