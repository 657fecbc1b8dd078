"""Every module of the package imports, and what it imports from steelyard on use is there."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import steelyard

ROOT = Path(steelyard.__file__).parent
MODULES = sorted(path.relative_to(ROOT.parent) for path in ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_within_the_package(path):
    tree = ast.parse((ROOT.parent / path).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("steelyard"):
            module = importlib.import_module(node.module)
            for alias in node.names:
                if not hasattr(module, alias.name):
                    importlib.import_module(f"{node.module}.{alias.name}")


@pytest.mark.parametrize("name", steelyard.__all__)
def test_public_names(name):
    assert getattr(steelyard, name) is not None


def test_a_table_that_cannot_be_used_is_refused_without_tensorflow():
    code = (
        "import sys, polars, steelyard\n"
        "try: steelyard.compare(polars.DataFrame({'a': [1, 2]}), 'b')\n"
        "except steelyard.SteelyardError: sys.exit(3 + ('tensorflow' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 3


def test_a_comparison_imports_no_library_before_it_needs_it():
    late = ("tensorflow", "imblearn", "sklearn", "lightgbm")
    code = f"import sys, steelyard.comparison\nprint([one for one in {late} if one in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
