from pathlib import Path

import pytest
from pydantic import ValidationError

from hnseg.platform.input_files import InputFiles


def test_it_travels_as_json():
    given = InputFiles(images={"ct-image": Path("/data/ct.mha")}, inside=Path("/data"), notes=("A note.",))
    assert InputFiles.model_validate_json(given.model_dump_json()) == given


def test_an_unknown_key_is_refused():
    with pytest.raises(ValidationError, match="pictures"):
        InputFiles.model_validate({"images": {}, "pictures": {}})
