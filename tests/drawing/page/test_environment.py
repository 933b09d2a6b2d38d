"""Environment of pages' templates, with those that the cohort's report has."""

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from hnseg.drawing.page.environment import environment_of


def test_text_is_escaped_and_a_missing_name_is_an_error():
    environment = environment_of("hnseg.cohort.report")
    assert environment.from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        environment.from_string("{{ name }}").render()


def test_templates_of_several_packages_are_found():
    both = environment_of("hnseg.selftest", "hnseg.cohort.report")
    assert both.get_template("selftest.html.j2").name == "selftest.html.j2"
    with pytest.raises(TemplateNotFound):
        environment_of("hnseg.cohort.report").get_template("selftest.html.j2")
