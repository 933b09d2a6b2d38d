import pytest

from hnseg.inference.model.label_resampling import LabelSpline, LabelTorch, label_resampling_of

STAGE = {"previous_stage": "3d_lowres"}


def test_resampling_is_read_for_a_second_stage_only():
    default = {"resampling_fn_seg": "resample_data_or_seg_to_shape", "resampling_fn_seg_kwargs": {"order": 1}}
    assert label_resampling_of(default) is None
    assert label_resampling_of(STAGE | default) == LabelSpline(order=1)
    assert label_resampling_of(STAGE | {"resampling_fn_seg": "resample_torch_fornnunet"}) == LabelTorch()


@pytest.mark.parametrize("named", [{}, {"resampling_fn_seg": "no_resampling_hack"}])
def test_another_resampling_is_refused(named):
    with pytest.raises(ValueError, match="resampling_fn_seg must be one of"):
        label_resampling_of(STAGE | named)


@pytest.mark.parametrize("kwargs", [{}, {"order": 3}, {"order": 1, "order_z": 1}])
def test_another_order_is_refused(kwargs):
    with pytest.raises(ValueError, match="order"):
        label_resampling_of(
            STAGE | {"resampling_fn_seg": "resample_data_or_seg_to_shape", "resampling_fn_seg_kwargs": kwargs}
        )
