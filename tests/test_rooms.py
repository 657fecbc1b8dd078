"""The rooms of the house: who may import whom. No circle, and no import that climbs."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import steelyard

ROOT = Path(steelyard.__file__).parent

# From the ground up. A room imports from its own floor's room and from lower floors only.
FLOORS = [
    {"errors", "_registration", "_version", "_progress"},
    {"_keras", "_memory", "_seeds", "stats", "neighbours", "sampling_plan", "files"},
    {"_tensorflow", "executors"},
    {"_batch_checks", "weights", "tables", "report"},
    {"layers", "metrics", "resample", "decision", "datasets"},
    {"losses", "feeds", "inspection"},
    {"finishing", "surgery"},
    {"callbacks"},
    {"techniques"},
    {"jobs"},
    {"models"},
    {"runs"},
    {"comparison"},
    {"estimator_table"},
    {"estimator"},
    {"cli"},
    {"__main__", "__init__"},
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").relative_to(ROOT).parts).removesuffix(".__init__")


MODULES = {_module(path): path for path in sorted(ROOT.rglob("*.py"))}


def _imported(path: Path, *, at_import: bool) -> set[str]:
    """Modules of the package that a file imports, anywhere or when it is itself imported."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if at_import else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("steelyard"):
            home = node.module.removeprefix("steelyard").removeprefix(".")
            for alias in node.names:
                inner = f"{home}.{alias.name}".removeprefix(".")
                found.add(inner if inner in MODULES else home)
    return found - {""}


@pytest.mark.parametrize("module", MODULES)
def test_no_import_climbs(module):
    room = module.split(".", 1)[0]
    for other in _imported(MODULES[module], at_import=False):
        theirs = other.split(".", 1)[0]
        assert theirs == room or FLOOR_OF[theirs] < FLOOR_OF[room], f"{module} imports {other}"


def test_every_room_has_a_floor():
    rooms = {module.split(".", 1)[0] for module in MODULES}
    assert rooms <= set(FLOOR_OF), "give the new room a floor in FLOORS"


def test_no_circle():
    TopologicalSorter(
        {module: _imported(path, at_import=True) - {module} for module, path in MODULES.items()}
    ).prepare()
