from dataclasses import replace

import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.judging.image import check_image, check_model, judge_upload
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.running.image import API_METHOD_LABEL, Image

PROFILE = profile_of(SPEC.limits)
GOOD = Image("mine:1", "abc", "1000:1000", "amd64", {}, size_bytes=10**9)


def test_a_good_image_has_no_finding():
    assert check_image(GOOD, PROFILE) == []


@pytest.mark.parametrize(
    ("user", "explanation"),
    [
        ("", "The image's Dockerfile has no USER."),
        ("root", "The image's USER is 'root'."),
        ("Root:1000", "The image's USER is 'Root:1000'."),
        ("0:1000", "The image's USER is '0:1000'."),
    ],
)
def test_root_is_refused(user, explanation):
    (finding,) = check_image(replace(GOOD, user=user), PROFILE)
    assert finding.severity == "failure"
    assert finding.platform_says.startswith("The container runs as root.")
    assert finding.explanation == explanation


def test_a_user_whose_name_or_number_begins_like_roots_is_not_root():
    assert check_image(replace(GOOD, user="rooter"), PROFILE) == []
    assert check_image(replace(GOOD, user="01000"), PROFILE) == []


@pytest.mark.parametrize("user", ["_app", "my user", "a:_b", "1000:", "app@host", "-1", "café", "${UID}"])
def test_a_user_that_the_shim_can_not_read_is_refused_in_its_words(user):
    (finding,) = check_image(replace(GOOD, user=user), PROFILE)
    assert finding.severity == "failure"
    assert finding.platform_says == "Invalid argument for the containers USER instruction"
    assert finding.explanation.startswith(f"The image's USER is {user!r}.")


@pytest.mark.parametrize("user", ["app", "App.one_two-3:users", "app:1000", "1000", "1000:users"])
def test_a_user_that_the_shim_reads_has_no_finding(user):
    assert check_image(replace(GOOD, user=user), PROFILE) == []


@pytest.mark.parametrize("user", ["00", "000:1000", ":1000"])
def test_root_in_a_spelling_that_the_platform_overlooks_is_a_warning(user):
    (finding,) = check_image(replace(GOOD, user=user), PROFILE)
    assert finding.severity == "warning"
    assert "is root, which the platform's check of it overlooks" in finding.explanation


def test_another_architecture_and_an_unknown_method_are_refused_in_this_order():
    image = replace(GOOD, architecture="arm64", labels={API_METHOD_LABEL: "http"})
    architecture, method = check_image(image, PROFILE)
    assert architecture.platform_says.startswith("Architecture type 'arm64' is not supported.")
    assert "must be exec or invoke, found 'http'" in method.explanation


def test_an_image_over_ten_gigabytes_is_a_warning():
    assert check_image(replace(GOOD, size_bytes=10 * 10**9), PROFILE) == []
    (finding,) = check_image(replace(GOOD, size_bytes=10 * 10**9 + 1), PROFILE)
    assert finding.severity == "warning"


def test_a_model_over_the_quota_of_an_unverified_account_is_a_warning(tmp_path):
    with (tmp_path / "weights").open("wb") as file:
        file.truncate(2 * 10**9)  # a hole, which takes no space
    assert check_model(tmp_path) == []
    (tmp_path / "more").write_bytes(bytes(10**6))
    (finding,) = check_model(tmp_path)
    assert (finding.severity, finding.stage) == ("warning", "model")
    assert finding.explanation.startswith("The model holds 2.0 GB")


def test_a_plain_process_uploads_nothing(tmp_path):
    with (tmp_path / "weights").open("wb") as file:
        file.truncate(3 * 10**9)
    assert judge_upload(None, tmp_path, PROFILE) == ()
    assert [finding.stage for finding in judge_upload(replace(GOOD, user=""), tmp_path, PROFILE)] == ["image", "model"]


def test_an_image_without_a_command_can_not_run():
    (finding,) = check_image(replace(GOOD, command=()), PROFILE)
    assert finding.severity == "failure"
    assert finding.platform_says.endswith("ENTRYPOINT and CMD instructions does not exist")
