import json

import pytest

from containers.hnts_mrg import method as without_rules
from containers.recurrence import method
from hnseg.errors import ModelError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.rule.model import RuleModel, open_model, open_rule


@pytest.fixture
def written(tmp_path):
    """Return a function that writes `method.json` and returns its folder."""

    def write(content):
        (tmp_path / "method.json").write_text(content)
        return tmp_path

    return write


def test_settings_that_name_a_rule_are_its_model(written):
    folder = written(json.dumps({"rule": "suvmax", "suvmax_percent": 41}))
    model = open_rule(folder, method)
    assert (model.folder, model.settings) == (folder, {"rule": "suvmax", "suvmax_percent": 41})
    assert model.sha256 == {"method.json": sha256_of(folder / "method.json")}
    assert not model.structures


def test_settings_given_beside_the_file_choose_too(written, make_model, tmp_path):
    folder = written('{"rule": "suvmax"}')
    assert open_rule(folder, method, override={"rule": "gtv"}).settings == {"rule": "gtv"}
    assert open_rule(folder, method, override={"rule": "network"}) is None
    assert open_rule(tmp_path / "empty", method, override={"rule": "gtv"}).settings == {"rule": "gtv"}
    bundle = make_model(exported=True)
    model = open_model(bundle, without_rules, override={"minimum_volume_mm3": {"GTVp": 1}})
    assert (model.folder, model.settings["minimum_volume_mm3"]) == (bundle, {"GTVp": 1})
    assert isinstance(open_model(folder, method), RuleModel)


def test_another_number_of_channels_than_the_settings_give_is_refused_before_the_networks_are_loaded(make_model):
    bundle = make_model(exported=True)
    with pytest.raises(ModelError, match=r"must have the 2 channels of the model in .* \(.*\), but has 1\. Was it"):
        open_model(bundle, without_rules, override={"gradient_channel": False})
    with pytest.raises(ModelError, match="gradient_chanel is no key that is known here; is gradient_channel meant"):
        open_model(bundle, without_rules, override={"gradient_chanel": False})


def test_where_a_network_is_needed_there_is_none(written, tmp_path):
    assert open_rule(tmp_path, method) is None  # no settings: the defaults
    assert open_rule(written('{"rule": "network"}'), method) is None
    assert open_rule(written("{}"), without_rules) is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"rule": "nothing"}', "must hold the settings of this challenge's method, but rule must be"),
        ("[]", "must hold the settings of this challenge's method, but"),
        ("{", "must hold JSON, but it does not"),
    ],
)
def test_other_settings_are_refused(written, content, sentence):
    with pytest.raises(ModelError, match=sentence):
        open_rule(written(content), method)
