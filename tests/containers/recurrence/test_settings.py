import pytest
from pydantic import ValidationError

from containers.recurrence.settings import Settings


def test_the_defaults_are_the_papers():
    settings = Settings()
    assert (settings.rule, settings.suvmax_percent, settings.crop_size_xyz) == ("network", 38, (160, 224, 128))
    assert settings.threshold == 0.5
    assert settings.extent_mm == pytest.approx((156.24, 218.736, 256.0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule": "suvmean"},
        {"suvmax_percent": 0},
        {"suvmax_percent": 101},
        {"suvmax_percent": float("nan")},
        {"brain": "atlas"},
        {"crop_size_xyz": (0, 1, 1)},
        {"crop_spacing_mm": (1.0, -1.0, 1.0)},
        {"threshold": 0},
        {"threshold": 1},
        {"threshold": float("nan")},
        {"percent": 38},
    ],
    ids=str,
)
def test_other_values_are_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)
