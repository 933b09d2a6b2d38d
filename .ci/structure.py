"""Check the structure of the code: no circle, no wide folder, no complex function, no module without its tests.

    python .ci/structure.py

Imports count wherever they stand: at the top, inside a function, or for type checkers only. Complexity is McCabe's, as
radon counts it. Prints one line a fault; status 1 where there is one.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
from radon.complexity import cc_visit

PACKAGES = {
    "hnseg": Path("shared/hnseg"),
    "hnseg_training": Path("training/hnseg_training"),
    "containers": Path("containers"),
}
MIRRORS = {
    "hnseg": Path("tests"),
    "hnseg_training": Path("tests/training"),
    "containers": Path("tests/containers"),
}
WIDEST_FOLDER = 15
MOST_COMPLEX = 10


def circles() -> Iterator[str]:
    """Yield the first circle of modules that import each other, if there is one."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        yield f"modules must not import each other in a circle: {' <- '.join(error.args[1])}"


def wide_folders() -> Iterator[str]:
    """Yield the folders with too many modules, `__init__` and `__main__` left out."""
    modules = [path for folder in PACKAGES.values() for path in folder.rglob("*.py") if not path.name.startswith("__")]
    for folder, count in Counter(path.parent for path in modules).items():
        if count > WIDEST_FOLDER:
            yield f"{folder} must hold at most {WIDEST_FOLDER} modules, but holds {count}"


def complex_functions() -> Iterator[str]:
    """Yield the functions with too many branches."""
    for folder in PACKAGES.values():
        for path in sorted(folder.rglob("*.py")):
            for block in cc_visit(path.read_text(encoding="utf-8")):
                if block.complexity > MOST_COMPLEX:
                    limit = f"must have a complexity of at most {MOST_COMPLEX}, but has {block.complexity}"
                    yield f"{path}:{block.lineno} {block.fullname} {limit}"


def untested_modules() -> Iterator[str]:
    """Yield the modules without a test file of their name at their place in the mirror."""
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("[!_]*.py")):
            test = MIRRORS[package] / path.relative_to(folder).with_name(f"test_{path.name}")
            if not test.is_file():
                yield f"{path} must be tested by {test}, but there is no such file"


def main() -> int:
    """Print every fault; 1 where there is one."""
    faults = [*circles(), *wide_folders(), *complex_functions(), *untested_modules()]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
