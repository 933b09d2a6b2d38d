"""Check that the report of a container that means harm can be trusted."""

import json
from html.parser import HTMLParser

import pytest

from hnseg.drawing.page.environment import environment_of

SECRET = "secret of this machine"


class Page(HTMLParser):
    """Page whose tags are counted."""

    def __init__(self, text):
        super().__init__()
        self.tags = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        assert not [name for name, _ in attributes if name.startswith("on")]


def check_report(report, printed):
    """Check that a report can be trusted, and return what it says."""
    text = (report / "rehearsal.json").read_bytes()
    written = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    page = (report / "rehearsal.html").read_text(encoding="utf-8")
    page_script = str(environment_of().globals["page_script"])
    assert not Page(page.replace(page_script, "", 1)).tags & {"script", "iframe", "object", "form", "svg"}
    assert "script-src 'sha256-" in page  # of the shared script, so that no other one runs
    for shown in (page, printed.out, printed.err):
        assert not [character for character in shown if not character.isprintable() and character not in "\n\t\xa0"]
    for path in report.rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or path.is_file()
        assert path.is_dir() or path.stat().st_size > 1 << 30 or SECRET.encode() not in path.read_bytes()
    return written
