"""Environment of pages' templates, with those that the cohort's report has."""

import base64
import hashlib

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from hnseg.drawing.page.environment import environment_of
from hnseg.evaluation.tables import Table
from tests.support.chromium import chromium, find_chromium


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


def test_the_policy_permits_the_shared_script_and_no_other():
    environment = environment_of("hnseg.selftest")
    script = environment.from_string("{{ page_script }}").render()
    digest = hashlib.sha256(script.removeprefix("<script>").removesuffix("</script>").encode()).digest()
    named = environment.from_string("{{ page_script_hash }}").render()
    assert named == f"'sha256-{base64.b64encode(digest).decode()}'"


def test_a_text_to_paste_is_escaped():
    page = environment_of("hnseg.selftest").from_string('{% from "parts.html.j2" import paste %}{{ paste("<b>") }}')
    assert '<pre id="summary">&lt;b&gt;</pre>' in page.render()


PAGE = """{% from "parts.html.j2" import grid, paste with context %}<!doctype html>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src {{
page_script_hash }}"><style>{% include "page.css" %}</style><main>{{ paste("- a\\n- b\\n") }}{{ grid(table) }}</main>
<script>document.title = "foreign"</script>{{ page_script }}"""


@pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")
def test_a_page_from_disk_copies_its_summary_and_tells_which_tables_go_on(tmp_path):
    table = Table(tuple(f"a rather long heading {n}" for n in range(12)), (("0.123",) * 12,))
    path = tmp_path / "page.html"
    path.write_text(environment_of("hnseg.selftest").from_string(PAGE).render(table=table), encoding="utf-8")
    with chromium() as page:
        page.open(path, width=500)
        page.evaluate("document.querySelector('button').click()")
        assert page.evaluate("getSelection().toString()").strip() == "- a\n- b"
        assert page.evaluate("document.querySelector('button').textContent") in {"Copied", "Selected: press Ctrl+C"}
        assert page.evaluate("document.documentElement.scrollWidth") <= 500
        assert page.evaluate(IS_CUT) is True
        page.open(path, width=4000)
        assert page.evaluate(IS_CUT) is False
        assert page.evaluate("document.title") != "foreign"


IS_CUT = """new Promise(shown => requestAnimationFrame(() => setTimeout(() => shown(
  document.querySelector(".wide").classList.contains("cut")), 100)))"""
