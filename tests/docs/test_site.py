"""The documentation site: every page is in its navigation, what is generated is up to date."""

import re
import runpy
from pathlib import Path

import pytest

from steelyard.cli import COMMANDS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONFIG = (ROOT / "mkdocs.yml").read_text()
REFERENCE = runpy.run_path(str(DOCS / "reference" / "make.py"))["pages"]()
# Made by `make docs`, so that they cannot fall behind.
MADE = {"measured.md", *(f"reference/{name}" for name in REFERENCE)}
PAGES = sorted({path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - MADE)


def test_every_page_is_in_the_navigation_once():
    listed = re.findall(r": ([\w/-]+\.md)$", CONFIG, re.MULTILINE)
    assert sorted(listed) == sorted([*PAGES, *MADE])


def test_every_command_is_in_the_reference():
    page = REFERENCE["commands.md"]
    for name in COMMANDS:
        assert f"## {name}\n\n```text\nUsage: steelyard {name} " in page


def test_every_public_module_has_a_page():
    import steelyard

    assert {f"{name}.md" for name in steelyard._MODULES} < set(REFERENCE)
    assert re.findall(r"^::: .*\.(\w+)$", REFERENCE["python.md"], re.MULTILINE) == [
        *steelyard._HOME,
        "SteelyardError",
    ]


def test_measured_tables_are_gathered_with_their_commands():
    page = runpy.run_path(str(DOCS / "measured.py"))["page"]()
    for command in ("make bench-feeds", "make bench-resample", "benchmarks/coverage.py"):
        assert command in page, command
    assert page.count("\n|---") > 10


@pytest.mark.parametrize("page", [*PAGES, "../README.md", "../CONTRIBUTING.md"])
def test_links_between_pages_lead_somewhere(page):
    path = DOCS / page
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text()):
        if not target.startswith("https://"):
            led = (path.parent / target).resolve()
            assert led.exists() or led.relative_to(DOCS).as_posix() in MADE, target


@pytest.mark.parametrize("page", [*PAGES, "../README.md", "../CONTRIBUTING.md"])
def test_files_that_pages_name_exist(page):
    """Paths in code font, as `examples/finish.py` or `tests/limits`."""
    text = (DOCS / page).read_text()
    for name in re.findall(r"`((?:examples|benchmarks|tests|docs|src)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name
