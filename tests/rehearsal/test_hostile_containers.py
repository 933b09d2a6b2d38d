"""Containers that mean harm, or are merely odd, through the command line and a real engine.

Each is one image that runs the Python program it finds in its model. Whatever it does, there is a report: valid
JSON, a page without active parts, no character that steers a terminal, and nothing of this machine's files.
"""

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.slow]

START = "import json, os, socket, sys, time\nfrom stub_container import *\nwrite()\nFOLDER = '/output/' + OUTPUT\n"
GOOD = "images/mri-head-neck-segmentation/output.mha"


PASSING = {
    "odd names": (
        "for name in ('a\\n\\x1b[2J', '[/red]', '<script>alert(1)</script>', '\"&\\'', 'a|b'):\n"
        "    open('/output/' + name.replace('/', '\\u2215'), 'w').close()",
        "Not a declared output, and not collected: ",
    ),
    "an output with an odd name": ("os.rename(FOLDER + '/output.mha', FOLDER + '/a\\n\\x1b]0;x\\x07[b].mha')", ""),
    "a FIFO": ("os.mkfifo('/output/fifo')", "fifo: is a FIFO."),
    "a socket": ("os.chdir('/output')\nsocket.socket(socket.AF_UNIX).bind('s')", "s: is a socket."),
    "a hard link": ("os.link(FOLDER + '/output.mha', '/output/copy')", "not collected: copy."),
    "a link to its own file": (
        "os.rename(FOLDER + '/output.mha', '/output/real')\nos.symlink('/output/real', FOLDER + '/output.mha')",
        "not collected: real.",
    ),
    "everything closed": ("os.chmod(FOLDER + '/output.mha', 0)\nos.chmod(FOLDER, 0)", ""),
    "a program with another user's rights": (
        "open('/output/x', 'w').close()\nos.chmod('/output/x', 0o6777)", "not collected: x.",
    ),
    "control characters in the logs": ("print('\\x1b[31mred\\x07\\r50 %\\x9b2J\\u202e')", ""),
    "gigabytes of logs": (
        "for _ in range(1500): os.write(1, b'x' * 1023 + b'\\n')\n"
        "block = (b'y' * 1023 + b'\\n') * 1024\nfor _ in range(1024): os.write(2, block)\nprint('last')", "",
    ),
    "a line without an end": ("for _ in range(200): os.write(1, b'z' * (1 << 20))", "stdout has a line of over 65536"),
    "notes that are a number": (
        "print(json.dumps({'notes': 7, 'versions': [1], 'crop': 'x', 'registration': []}))", "",
    ),
    "notes that are everything": (
        "print(json.dumps({'notes': [None, {'a': 1}, '<script>', '\\x1b[2J'], 'versions': {'<b>': '</b>'}}))", "",
    ),
    "half a surrogate pair": ("print('{\"notes\": [\"\\\\ud800\"], \"\\\\udfff\": 1}')", ""),
    "numbers that are none": ("print('{\"a\": NaN, \"b\": -Infinity, \"c\": 1e999, \"d\": ' + '9' * 400 + '}')", ""),
    "five thousand levels": ("print('{\"a\":' * 5000 + '1' + '}' * 5000)", ""),
    "a registration to nowhere": (
        "print(json.dumps({'registration': {'fixed': 'mid-rt-t2w-head-neck', 'moving': 'registered-pre-rt-head-neck',"
        " 'status': 'registered', 'seconds': 1e300, 'matrix': [[1e300] * 3] * 3, 'offset_mm': [1e308] * 3}}))", "",
    ),
    "a crop beyond every image": (
        "print(json.dumps({'crop': {'index_xyz': [10**300] * 3, 'size_xyz': [10**300] * 3, 'why': '<b>'}}))", "",
    ),
    "status 0 after killing its children": ("if os.fork() == 0: os.kill(os.getpid(), 9)", ""),
}  # fmt: skip
FAILING = {
    "a link to a file of the host": ("os.symlink(SECRET_FILE, '/output/link')", "secret: is a link."),
    "an output that is such a link": (
        "os.remove(FOLDER + '/output.mha')\nos.symlink(SECRET_FILE, FOLDER + '/output.mha')", "secret: is a link.",
    ),
    "a socket's folder that is a link": (
        "os.remove(FOLDER + '/output.mha')\nos.rmdir(FOLDER)\nos.symlink(os.path.dirname(SECRET_FILE), FOLDER)",
        ": is a link.",
    ),
    "a link to everything": ("os.symlink('/', '/output/root')", "root to /: is a link."),
    "links in a ring": ("os.symlink('b', '/output/a')\nos.symlink('a', '/output/b')", "b to a: each is a link."),
    "a link out by dots": ("os.symlink('../../../../../../../etc/passwd', '/output/p')", "etc/passwd: is a link."),
    "voxels in a file of the host": (
        "text = open(FOLDER + '/output.mha', 'rb').read().partition(b'ElementDataFile')[0]\n"
        "os.remove(FOLDER + '/output.mha')\n"
        "open(FOLDER + '/o.mhd', 'wb').write(text + b'ElementDataFile = /etc/passwd\\n')", "is the file whole?",
    ),
    "a name that is not UTF-8": ("open(b'/output/\\xff', 'w').close()", "has a name that is not UTF-8"),
    "300 levels": (
        "os.chdir('/output')\nfor _ in range(300):\n    os.mkdir('d')\n    os.chdir('d')\nopen('x', 'w').close()",
        "lies below 32 folders",
    ),
    "3000 levels": ("os.chdir('/output')\nfor _ in range(3000):\n    os.mkdir('d')\n    os.chdir('d')", "below 32"),
    "a path that is too long": ("os.makedirs('/output/' + '/'.join(['d' * 200] * 6))", "its path is longer"),
    "very many files": (
        "for n in range(20000): open(f'{FOLDER}/{n}', 'w').close()", "holds over 5,000 files and folders",
    ),
    "a file of 1 TiB": ("open('/output/sparse', 'wb').truncate(1 << 40)", "would be larger than 4 GiB"),
    "a label map of 1 TiB": ("open(FOLDER + '/output.mha', 'r+b').truncate(1 << 40)", "would be larger than 4 GiB"),
    "an output that is a FIFO": (
        "os.remove(FOLDER + '/output.mha')\nos.mkfifo(FOLDER + '/output.mha')", "output.mha: is a FIFO.",
    ),
    "a header of any size": (
        "os.remove(FOLDER + '/output.mha')\nwrite(DimSize='40 36 10')\n"
        "text = open(FOLDER + '/output.mha', 'rb').read().replace(b'40 36 10', b'99999 99999 99999')\n"
        "open(FOLDER + '/output.mha', 'wb').write(text)", "GiB of voxels; over 4 GiB, the memory of the",
    ),
    "last words that steer a terminal": ("sys.exit('\\x1b[2J\\x1b]0;owned\\x07<script>alert(1)</script>')", "status 1"),
    "last words without an end": ("sys.exit('w' * 10_000_000)", "status 1"),
    "last words that are not UTF-8": ("os.write(2, b'\\xff\\xfe\\x1b[2J\\n')\nos._exit(3)", "status 3"),
    "a status without a signal": ("os._exit(200)", "status 200"),
    "a fork bomb": ("while True: os.fork()", "The number of processes and threads is limited to"),
}  # fmt: skip


def findings(case):
    return " ".join(finding["explanation"] for finding in case["findings"])


@pytest.mark.parametrize("name", PASSING)
def test_a_container_that_is_odd_passes(image, rehearsed, name):
    program, explains = PASSING[name]
    (case,) = rehearsed(image, START + program)["cases"]
    assert case["passed"], case["findings"]
    assert explains in findings(case)
    assert bool(explains) == bool(case["findings"])


@pytest.mark.parametrize("name", FAILING)
def test_a_container_that_means_harm_fails(image, rehearsed, name):
    program, explains = FAILING[name]
    (case,) = rehearsed(image, START + program)["cases"]
    assert not case["passed"]
    assert explains in findings(case)


PYTHON = "/usr/local/bin/python3"  # the first on the PATH
INVOKE = "LABEL org.grand-challenge.api-method=invoke"
SERVER = """
import http.server, os
from stub_container import *

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def do_POST(self):
        write()
        os.symlink(SECRET_FILE, '/output/link') if LINK else None
        self.send_response(201, "\\x1b[2J")
        self.send_header("X-\\x1b", "\\x1b[2J" * 1000)
        self.end_headers()
        self.wfile.write(b"\\xff\\x1b[2J" * 100_000)

http.server.HTTPServer(("", 4743), Handler).serve_forever()
"""


@pytest.mark.parametrize("links", [True, False])
def test_a_server_is_judged_by_its_files_too(make_image, rehearsed, links):
    (case,) = rehearsed(make_image(INVOKE), SERVER.replace("LINK", str(links)))["cases"]
    assert case["passed"] != links, case["findings"]
    assert ("secret: is a link." in findings(case)) == links


def test_a_python_that_answers_for_the_server_at_length_is_a_failed_call(make_image, rehearsed):
    script = 'case "$*" in *sys.exit*) exit 42;; *) head -c 500000000 /dev/zero;; esac'
    garbage = f"rm -f {PYTHON} && printf '#!/bin/sh\\n{script}\\n' > {PYTHON} && chmod 755 {PYTHON}"
    image = make_image(f"RUN {garbage}", INVOKE)
    (case,) = rehearsed(image, SERVER.replace("LINK", "False"))["cases"]
    assert "didn't pass the health check" in case["platform_says"]


def test_an_image_without_a_command_is_refused_with_a_report(make_image, rehearsed):
    written = rehearsed(make_image("ENTRYPOINT []", "CMD []"), "")
    assert written["cases"] == []
    assert "neither ENTRYPOINT nor CMD" in written["findings"][0]["explanation"]


def test_a_user_whom_the_image_does_not_know_has_a_report(make_image, rehearsed):
    (case,) = rehearsed(make_image(user="nobody-of-this-name"), START)["cases"]
    assert case["platform_says"] == "The user defined in the containers USER instruction does not exist"


def test_a_user_that_is_no_name_has_a_report(make_image, rehearsed):
    written = rehearsed(make_image(user="'\x1b[31m'"), START)
    assert written["findings"][0]["platform_says"] == "Invalid argument for the containers USER instruction"
    assert written["cases"] == []


def test_labels_of_the_image_are_text(make_image, rehearsed):
    image = make_image('LABEL org.grand-challenge.api-method="<script>\x1b[2J"', 'LABEL a="[/red]"')
    written = rehearsed(image, START)
    assert "must be exec or invoke" in written["findings"][0]["explanation"]
