import pytest

from hnseg.rehearsal.running.image import Image


@pytest.mark.parametrize(
    ("labels", "method"),
    [
        ({}, "exec"),
        ({"org.grand-challenge.api-method": "invoke"}, "invoke"),
        ({"ORG.Grand-Challenge.API-Method": '"INVOKE"'}, "invoke"),
        ({"org.grand-challenge.api-method": "'exec'"}, "exec"),
    ],
)
def test_the_api_method_is_read_as_the_platform_reads_it(labels, method):
    assert Image("tag", "0", "user", "amd64", labels, 1).api_method == method
