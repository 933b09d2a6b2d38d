"""Stand-in for Apptainer: it takes the options that the real one documents, and runs a program without a container.

An image is a JSON file with `config`, that of the Docker image it is made of (null for none), and the program's files
are those of this machine. What the options mount is told to the program as STAND_IN_<target>, since nothing is mounted.
A file `no-network` or `no-cgroups` beside the program refuses what an installation may not allow. Each call's arguments
are a line of `calls.jsonl`. Copied as `apptainer` by `install`, so only the standard library is used.
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
LISTED = """\
------------------------------------------------------------------------------
ID   |GROUP   |LINK    |SIF POSITION (start-end)  |TYPE
------------------------------------------------------------------------------
1    |1       |NONE    |32176-32207               |Def.FILE
2    |1       |NONE    |36864-38021               |JSON.Generic
3    |1       |NONE    |40960-41280               |JSON.Generic
4    |1       |NONE    |45056-28602368            |FS (Squashfs/*System/amd64)
"""


def install(folder):
    """Install the stand-in as `apptainer` into a folder, and return the program's path."""
    program = Path(folder, "apptainer")
    source = Path(__file__).read_text(encoding="utf-8")
    program.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
    program.chmod(0o755)
    return program


def fatal(reason):
    sys.stderr.write(f"FATAL:   {reason}\n")
    sys.exit(255)


def parser_of():
    parser = argparse.ArgumentParser(prog="apptainer", allow_abbrev=False)
    parser.add_argument("--version", action="version", version="apptainer version 1.4.2")
    parser.add_argument("--silent", action="store_true")
    verbs = parser.add_subparsers(dest="verb", required=True)
    build = verbs.add_parser("build", allow_abbrev=False)
    build.add_argument("target")
    build.add_argument("source")
    sif = verbs.add_parser("sif", allow_abbrev=False)
    sif.add_argument("words", nargs="+")
    for verb in ("run", "exec"):
        command = verbs.add_parser(verb, allow_abbrev=False)
        for flag in ("containall", "no-home", "no-eval", "net", "no-privs", "writable-tmpfs", "nv"):
            command.add_argument(f"--{flag}", action="store_true")
        for option in ("workdir", "pwd", "network", "memory", "pids-limit"):
            command.add_argument(f"--{option}")
        command.add_argument("--mount", action="append", default=[])
        command.add_argument("image")
        command.add_argument("words", nargs=argparse.REMAINDER)
    return parser


def main():
    with (HERE / "calls.jsonl").open("a", encoding="utf-8") as calls:
        calls.write(json.dumps(sys.argv[1:]) + "\n")
    given = parser_of().parse_args()
    if given.verb == "build":
        build(given.target, given.source)
    elif given.verb == "sif":
        show(*given.words)
    else:
        start(given)


def build(target, source):
    kind, _, name = source.partition(":")
    file = Path(name) if kind.endswith("archive") else HERE / "daemon" / name
    if not file.is_file():
        fatal(f"While performing build: conveyor failed to get: no image {name}")
    shutil.copy(file, target)


def show(verb, *words):
    if verb == "list":
        sys.stdout.write(LISTED)
    else:
        number, image = words
        config = json.loads(Path(image).read_text())["config"]
        sys.stdout.write(json.dumps(config if number == "3" and config else {"data": {}}))


def start(given):
    if given.network and (given.network != "none" or (HERE / "no-network").exists()):
        fatal("network requires root or --fakeroot")
    if (given.memory or given.pids_limit) and (HERE / "no-cgroups").exists():
        fatal("while applying cgroups config: rootless cgroups require cgroups v2")
    image = json.loads(Path(given.image).read_text())
    config = image["config"] or {"Entrypoint": image.get("runscript"), "Cmd": []}
    words = given.words if given.verb == "exec" else [*(config.get("Entrypoint") or []), *(config.get("Cmd") or [])]
    environment = {"PATH": os.environ["PATH"], **dict(pair.split("=", 1) for pair in config.get("Env") or [])}
    environment |= {
        name.removeprefix("APPTAINERENV_"): value
        for name, value in os.environ.items()
        if name.startswith("APPTAINERENV_")
    }
    for mount in given.mount:
        parts = dict(part.partition("=")[::2] for part in mount.split(","))
        environment[f"STAND_IN_{Path(parts['dst']).name.upper()}"] = parts["src"]
    if given.pwd and not Path(given.pwd).is_dir():
        fatal(f"while changing directory: {given.pwd}")
    os.chdir(given.pwd or "/")
    os.execvpe(words[0], words, environment)


if __name__ == "__main__":
    main()
