"""Resampling by the names and arguments in plans."""

import pytest

from hnseg.inference.model.nnunet_resampling import NoResampling, Spline, TorchLinear, resampling_of


@pytest.mark.parametrize("key", ["data", "probabilities"])
@pytest.mark.parametrize(
    ("name", "arguments", "expected", "is_gradual"),
    [
        ("resample_data_or_seg_to_shape", {"is_seg": False, "order": 3, "order_z": 0}, Spline(order=3), False),
        ("resample_data_or_seg_to_shape", {"order": 1, "order_z": 0}, Spline(order=1), True),
        ("resample_torch_fornnunet", {"is_seg": False}, TorchLinear(), True),
        ("no_resampling_hack", {}, NoResampling(), True),
    ],
)  # fmt: skip
def test_a_resampling_is_read_with_its_arguments(key, name, arguments, expected, is_gradual):
    found = resampling_of({f"resampling_fn_{key}": name, f"resampling_fn_{key}_kwargs": arguments}, key)
    assert found == expected
    assert found.is_gradual == is_gradual


@pytest.mark.parametrize("arguments", [{"is_seg": False}, {"order": 1}])
def test_no_resampling_takes_no_arguments_as_in_nnunet(arguments):
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        resampling_of({"resampling_fn_data": "no_resampling_hack", "resampling_fn_data_kwargs": arguments}, "data")
